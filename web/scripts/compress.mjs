// Lays a .br and a .gz beside every compressible file of dist/, so that the web server compresses nothing itself.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist')
const compressible = /\.(js|css|html|svg|json|txt|webmanifest|map)$/

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !compressible.test(entry.name)) continue
  const path = join(entry.parentPath, entry.name)
  const raw = readFileSync(path)
  writeFileSync(`${path}.gz`, gzipSync(raw, { level: 9 })) // Node writes no time into the header: same bytes each build
  writeFileSync(`${path}.br`, brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } }))
}
