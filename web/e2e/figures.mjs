// The page's figures as a table and in out/page.json; exit 1 over a limit. `npm run figures`, or with some of the names below as
// words. BASE_URL measures a deployed stack; the flood always comes from the scripted stand-in, which can send it.
import { measureFlood } from './figures/flood.mjs'
import { measureLoads } from './figures/load.mjs'
import { checkQuality } from './figures/quality.mjs'
import { measureToScreen } from './figures/screen.mjs'
import { measureSize } from './figures/size.mjs'
import { Table } from './figures/table.mjs'
import { Stage } from './stage.mjs'

const PARTS = { size: measureSize, quality: checkQuality, load: measureLoads, screen: measureToScreen, flood: (_, table) => measureFlood(table) }

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in PARTS))
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}. There are: ${Object.keys(PARTS).join(', ')}`)
  process.exit(2)
}

const table = new Table()
const stage = await Stage.open({ updatesPerSecond: 2 })
try {
  for (const name of asked.length > 0 ? asked : Object.keys(PARTS)) await PARTS[name](stage, table)
} finally {
  await stage.close()
}
process.exitCode = table.finish('page.json', process.env.BASE_URL ?? 'stand-in') ? 0 : 1
