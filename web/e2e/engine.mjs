// The containers of a deployed stack on this machine's Docker engine, found by the port that its edge publishes.
import { request } from 'node:http'

const SERVICE = 'stk.service'
const STACK = 'stk.stack'
const HEALTHY_WITHIN_MS = 60_000

export class StackEngine {
  #stack

  constructor(stack) {
    this.#stack = stack
  }

  /** The stack behind an address; null where no engine answers or the address is not one of its stacks. */
  static async at(base) {
    const port = Number(new URL(base).port || 80)
    try {
      const running = await ask('GET', `/containers/json?${filtersOf({ label: [`${SERVICE}=edge`] })}`)
      const edge = running.find(({ Ports }) => Ports.some(({ PublicPort }) => PublicPort === port))
      return edge ? new StackEngine(edge.Labels[STACK]) : null
    } catch {
      return null
    }
  }

  /** All containers of a service, stopped ones too. */
  async of(service) {
    const found = await ask('GET', `/containers/json?all=1&${filtersOf({ label: [`${STACK}=${this.#stack}`, `${SERVICE}=${service}`] })}`)
    if (found.length === 0) throw new Error(`stack ${this.#stack} has no container of ${service}`)
    return found
  }

  /** Kills containers of a service, all or only so many; what they were doing is cut off. */
  async kill(service, count = Infinity) {
    const running = (await this.of(service)).filter(({ State }) => State === 'running')
    await Promise.all(running.slice(0, count).map(({ Id }) => ask('POST', `/containers/${Id}/kill`)))
  }

  /** Starts what of a service does not run. */
  async start(service) {
    await Promise.all((await this.of(service)).filter(({ State }) => State !== 'running').map(({ Id }) => ask('POST', `/containers/${Id}/start`)))
  }

  async untilHealthy(service) {
    const deadline = Date.now() + HEALTHY_WITHIN_MS
    for (const { Id, Names } of await this.of(service)) {
      while ((await ask('GET', `/containers/${Id}/json`)).State.Health?.Status !== 'healthy') {
        if (Date.now() > deadline) throw new Error(`${Names[0]} is not healthy ${HEALTHY_WITHIN_MS} ms after its start`)
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    }
  }

  /** What a command in one container of a service prints. */
  async read(service, command) {
    const [{ Id }] = await this.of(service)
    const made = await ask('POST', `/containers/${Id}/exec`, { AttachStdout: true, Tty: true, Cmd: command })
    const text = await ask('POST', `/exec/${made.Id}/start`, { Tty: true })
    const { ExitCode } = await ask('GET', `/exec/${made.Id}/json`)
    if (ExitCode !== 0) throw new Error(`${command[0]} in ${service} ended with ${ExitCode}`)
    return text.trim()
  }
}

const filtersOf = (filters) => `filters=${encodeURIComponent(JSON.stringify(filters))}`

/** DOCKER_HOST where it is set, as Docker's own tools do. */
function engineAddress() {
  const host = new URL(process.env.DOCKER_HOST || 'unix:///var/run/docker.sock')
  return host.protocol === 'unix:' ? { socketPath: host.pathname } : { host: host.hostname, port: host.port }
}

/** One request to the engine's HTTP interface; JSON where it answers with that, else text. */
function ask(method, path, body) {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body)
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }
    const asked = request({ ...engineAddress(), method, path, headers }, (response) => {
      const parts = []
      response.on('data', (part) => parts.push(part))
      response.on('end', () => {
        const answer = Buffer.concat(parts).toString()
        if (response.statusCode >= 400) reject(new Error(`${method} ${path}: ${response.statusCode} ${answer.trim()}`))
        else resolve(response.headers['content-type']?.includes('json') ? JSON.parse(answer) : answer)
      })
    })
    asked.on('error', reject)
    asked.end(text)
  })
}
