/** `?state=polling` shows the page in that state without a server; `?state=` lists all. Not in production. */
import { useState } from 'react'
import { App } from '../App'
import type { Config } from '../config'
import { ServicesContext } from '../state/services'
import { STORIES } from './stories'
import { createStoryServices } from './storyServices'

interface Props {
  readonly name: string
  readonly config: Config
}

export default function StoryPage({ name, config }: Props) {
  const story = STORIES[name]
  const [services] = useState(() => story && createStoryServices(config, story))
  if (services) return <ServicesContext value={services}><App /></ServicesContext>
  return (
    <main className="config-error">
      <h1>States of the page</h1>
      <ul>
        {Object.keys(STORIES).map((each) => <li key={each}><a href={`?state=${each}`}>{each}</a></li>)}
      </ul>
    </main>
  )
}
