// The seed's stack (Node, ws, Redis) in three ways: naive (parse and stringify per client), preframed (one frame, written to
// each socket: the best practice), batched (frames of some milliseconds leave in one write per client).
import Redis from 'ioredis'
import { Sender, WebSocketServer } from 'ws'

const [kind, port, redisPort, channel, batchMs = '20'] = process.argv.slice(2)
const watchers = new Map()
const watch = (symbol) => watchers.get(symbol) ?? watchers.set(symbol, new Set()).get(symbol)

const server = new WebSocketServer({ port: Number(port), host: '127.0.0.1', perMessageDeflate: false, backlog: 4096 })
server.on('connection', (socket) => {
  const held = []
  socket.on('message', (data) => {
    for (const symbol of JSON.parse(data).symbols) {
      held.push(symbol)
      watch(symbol).add(socket)
    }
  })
  socket.on('error', () => {})
  socket.on('close', () => held.forEach((symbol) => watch(symbol).delete(socket)))
})

const frameOf = (line) => Buffer.concat(Sender.frame(Buffer.from(line), { fin: true, opcode: 1, mask: false, readOnly: true }))
const waiting = new Map()

function naive(line) {
  const update = JSON.parse(line)
  for (const socket of watch(update.symbol)) if (socket.readyState === 1) socket.send(JSON.stringify(update))
}

function preframed(line) {
  const frame = frameOf(line)
  for (const socket of watch(JSON.parse(line).symbol)) if (socket.readyState === 1) socket._socket.write(frame)
}

function batched(line) {
  const frame = frameOf(line)
  for (const socket of watch(JSON.parse(line).symbol)) {
    const frames = waiting.get(socket)
    if (frames) frames.push(frame)
    else waiting.set(socket, [frame])
  }
}

if (kind === 'batched') {
  setInterval(() => {
    for (const [socket, frames] of waiting)
      if (socket.readyState === 1) socket._socket.write(frames.length > 1 ? Buffer.concat(frames) : frames[0])
    waiting.clear()
  }, Number(batchMs))
}

const take = { naive, preframed, batched }[kind]
const redis = new Redis({ port: Number(redisPort), password: process.env.BENCH_REDIS_PASSWORD })
redis.subscribe(channel)
redis.on('message', (_, line) => take(line))
