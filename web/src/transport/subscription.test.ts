import { beforeEach, describe, expect, it } from 'vitest'
import type { Position } from '../contract/messages'
import { Subscription } from './subscription'

let positions: Record<string, Position>
let subscription: Subscription

beforeEach(() => {
  positions = {}
  subscription = new Subscription((symbol) => positions[symbol])
})

describe('S126 WS service: what a connection holds', () => {
  it('asks for everything on a first connection', () => {
    subscription.want(['TCS', 'INFY'])
    expect(subscription.begin()).toEqual([{ action: 'subscribe', symbols: ['TCS', 'INFY'] }])
  })

  it('goes on from the last update where there is one, and subscribes only to the rest', () => {
    positions.TCS = { epoch: 'e1', seq: 7 }
    subscription.want(['TCS', 'INFY'])
    expect(subscription.begin()).toEqual([
      { action: 'resync', symbols: { TCS: { epoch: 'e1', seq: 7 } } },
      { action: 'subscribe', symbols: ['INFY'] },
    ])
  })

  it('says only what changes', () => {
    subscription.want(['TCS', 'INFY'])
    subscription.begin()
    subscription.want(['INFY', 'ITC'])
    expect(subscription.difference()).toEqual([
      { action: 'subscribe', symbols: ['ITC'] },
      { action: 'unsubscribe', symbols: ['TCS'] },
    ])
    expect(subscription.difference()).toEqual([])
  })

  it('subscribes instead where the server refuses a resync, once', () => {
    positions.TCS = { epoch: 'e1', seq: 7 }
    subscription.want(['TCS'])
    subscription.begin()
    expect(subscription.insteadOfResync()).toEqual([{ action: 'subscribe', symbols: ['TCS'] }])
    expect(subscription.insteadOfResync()).toEqual([])
  })

  it('takes an error after the answer for one about something else', () => {
    positions.TCS = { epoch: 'e1', seq: 7 }
    subscription.want(['TCS'])
    subscription.begin()
    subscription.confirm()
    expect(subscription.insteadOfResync()).toEqual([])
  })
})
