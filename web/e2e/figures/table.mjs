// The rows of the table of figures: a value with its unit, and the limit it must keep, where one was promised.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'

const out = join(import.meta.dirname, '../../../out')

export const percentile = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(values.length * share) - 1)]

export class Table {
  rows = []

  /** `limit`: the most it may be. */
  add(name, value, unit, limit = null) {
    const rounded = Math.round(value * 1000) / 1000
    this.rows.push({ name, value: rounded, unit, limit, met: limit === null || rounded <= limit })
  }

  /** `aim`: what is called good, without having been promised; missing it fails nothing. */
  aim(name, value, unit, aim) {
    this.add(name, value, unit)
    this.rows.at(-1).aim = aim
  }

  /** Something that holds or does not. */
  check(name, holds, found = '') {
    this.rows.push({ name, value: holds ? 'yes' : 'NO', unit: String(found), limit: null, met: Boolean(holds) })
  }

  /** Prints and writes all rows; whether every limit was kept. */
  finish(file, against) {
    const [load] = loadavg()
    console.log(`${against}; load of this machine ${load.toFixed(1)} on ${cpus().length} processors`)
    for (const row of this.rows) console.log(`${row.name.padEnd(52)} ${String(row.value).padStart(10)} ${row.unit.padEnd(12)} ${verdictOf(row)}`)
    mkdirSync(out, { recursive: true })
    writeFileSync(join(out, file), JSON.stringify({ measured: new Date().toISOString(), against, load, processors: cpus().length, rows: this.rows }, null, 2))
    return this.rows.every(({ met }) => met)
  }
}

function verdictOf({ value, limit, aim, met }) {
  if (aim !== undefined) return `aim ${aim}${value <= aim ? '' : ', missed'}`
  if (limit !== null) return `${met ? 'within' : 'OVER'} ${limit}`
  return met ? '' : 'FAILED'
}
