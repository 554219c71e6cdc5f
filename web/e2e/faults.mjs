// What a test breaks and mends: on a deployed stack its containers, on the stand-in its own behaviour. The same words for both.
import { createHash, createHmac, randomUUID } from 'node:crypto'
import { StackEngine } from './engine.mjs'

const CONTROL = '/api/v1/control'

/** Null where the stack cannot be reached but by its address. */
export async function faultsOf({ base, standin }) {
  if (standin) return new StandinFaults(standin)
  const engine = await StackEngine.at(base)
  return engine && new DeployedFaults(base, engine)
}

class DeployedFaults {
  #base
  #engine
  #controlKey

  constructor(base, engine) {
    this.#base = base
    this.#engine = engine
  }

  loseSockets = () => this.#engine.kill('ws')
  restoreSockets = () => this.#engine.start('ws')
  killNode = () => this.#engine.kill('ws', 1)
  loseRedis = () => this.#engine.kill('redis')
  restoreRedis = () => this.#engine.start('redis')
  pause = (reason) => this.#control('pause', { reason })
  resume = () => this.#control('resume', {})
  notice = (text) => this.#control('notice', { text, severity: 'warning' })

  /** Leaves the stack as it was found: everything runs and is healthy. */
  async mend() {
    for (const service of ['redis', 'api', 'ws']) {
      await this.#engine.start(service)
      await this.#engine.untilHealthy(service)
    }
  }

  /** A signed request as services/contract/signing.py describes it; the key never leaves this process. */
  async #control(action, data) {
    this.#controlKey ??= await this.#engine.read('api', ['sh', '-c', 'cat "$CONTROL_KEY_FILE"'])
    const body = JSON.stringify({ action, data })
    const timestamp = String(Math.floor(Date.now() / 1000))
    const nonce = randomUUID()
    const signed = [timestamp, nonce, 'POST', CONTROL, createHash('sha256').update(body).digest('hex')].join('\n')
    const signature = createHmac('sha256', this.#controlKey).update(signed).digest('hex')
    const headers = { 'Content-Type': 'application/json', 'X-Timestamp': timestamp, 'X-Nonce': nonce, 'X-Signature': signature }
    const answer = await fetch(this.#base + CONTROL, { method: 'POST', headers, body })
    if (!answer.ok) throw new Error(`${action}: HTTP ${answer.status} ${await answer.text()}`)
  }
}

class StandinFaults {
  #standin

  constructor(standin) {
    this.#standin = standin
  }

  loseSockets = () => this.#standin.allowSockets(false)
  restoreSockets = () => this.#standin.allowSockets(true)

  killNode() {
    this.#standin.allowSockets(false)
    this.#standin.allowSockets(true)
  }

  loseRedis() {
    this.#standin.paused = true
    this.#standin.broadcast({ type: 'status', state: 'degraded' })
  }

  restoreRedis() {
    this.#standin.paused = false
    this.#standin.broadcast({ type: 'status', state: 'live' })
  }

  pause = (reason) => this.#standin.broadcast({ type: 'status', state: 'paused', reason })
  resume = () => this.#standin.broadcast({ type: 'status', state: 'resumed' })
  notice = (text) => this.#standin.broadcast({ type: 'status', state: 'live', notice: { text, severity: 'warning' } })
  mend = () => undefined
}
