/** What is wrong with the configuration, in words for whoever deployed it. Fetched only where something is. */
import { KNOWN, type ConfigProblem, type ProblemKind } from '../config'

const EXAMPLE = 'Expected one object, for example {"VITE_APP_ENV": "production"}.'

const WORDS: Record<ProblemKind, (name: string, found: string) => string> = {
  unreachable: (path) => `${path} could not be fetched: the web server did not answer. Check that it runs, then reload.`,
  status: (path, found) => `${path} was answered with HTTP ${found}, expected 200. The web container mounts it at /srv/config/config.json.`,
  json: (path) => `${path} is not JSON. ${EXAMPLE}`,
  object: (path) => `${path} is something else. ${EXAMPLE}`,
  secret: (name) => `${name} would be public in every browser. Remove it here and set it as a secret of the API instead.`,
  unknown: (name) => `${name} is not a known name. Known: ${[...KNOWN].join(', ')}.`,
  text: (name, found) => `${name} must be text, got ${found}.`,
  flag: (name, found) => `${name} must be true or false, got ${found}.`,
  http: (name, found) => `${name} must be a path or an address starting with http:// or https://, got ${found}.`,
  ws: (name, found) => `${name} must be a path or an address starting with ws:// or wss://, got ${found}.`,
  pair: (names) => `${names} must be set together, or neither of them.`,
  other: (text) => text,
}

export function problemWords([kind, name, found]: ConfigProblem): string {
  return WORDS[kind](name, JSON.stringify(found))
}
