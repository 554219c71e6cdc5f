import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Follower } from './follower'
import { updateOf } from '../testing/updates'

type Short = [symbol: string, epoch: string, fence: number, seq: number]
type Step = ['u', ...Short] | ['s', ...Short[]]
interface Vector {
  name: string
  messages: Step[]
  latest: Record<string, [epoch: string, fence: number, seq: number]>
  applied: number
  dropped: number
  missed: number
}

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '../../../services/contract/vectors/follower.json'), 'utf8')) as Vector[]

const long = ([symbol, epoch, fence, seq]: Short) => updateOf(symbol, { epoch, fence, seq })

describe('the follower obeys the vectors it shares with the Python client', () => {
  it.each(vectors)('$name', (vector) => {
    const follower = new Follower()
    for (const [kind, ...rest] of vector.messages) {
      if (kind === 'u') follower.apply(long(rest as Short))
      else follower.apply({ type: 'snapshot', quotes: (rest as Short[]).map(long) })
    }
    const latest = Object.fromEntries([...follower.latest].map(([symbol, { epoch, fence, seq }]) => [symbol, [epoch, fence, seq]]))
    expect(latest, 'what is shown at the end must be the newest').toEqual(vector.latest)
    expect({ applied: follower.applied, dropped: follower.dropped, missed: follower.missed }).toEqual({
      applied: vector.applied,
      dropped: vector.dropped,
      missed: vector.missed,
    })
  })
})
