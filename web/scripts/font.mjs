// Cuts Inter (SIL OFL, from npm's inter-ui) down to the characters the page can show: about 30 KB instead of 350.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import subsetFont from 'subset-font'

const web = dirname(dirname(fileURLToPath(import.meta.url)))
const source = join(dirname(createRequire(import.meta.url).resolve('inter-ui/package.json')), 'variable/InterVariable.woff2')
const ascii = Array.from({ length: 95 }, (_, offset) => String.fromCharCode(32 + offset)).join('')
const latin = Array.from({ length: 96 }, (_, offset) => String.fromCharCode(160 + offset)).join('')
const signs = '₹−▲▼■–—…’‘“”•↑↓←→'

const font = await subsetFont(readFileSync(source), ascii + latin + signs, {
  targetFormat: 'woff2',
  variationAxes: { wght: { min: 400, max: 700, default: 400 }, opsz: 14 },
  keepFeatures: ['kern', 'tnum', 'ccmp', 'case', 'mark'],
})
mkdirSync(join(web, 'src/styles/fonts'), { recursive: true })
writeFileSync(join(web, 'src/styles/fonts/inter.woff2'), font)
