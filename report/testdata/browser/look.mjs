// node look.mjs FILE...: opens pages and drawings in Chromium at four widths, in both
// colour schemes, and on paper, and prints what is wrong with them as JSON.
import fs from 'node:fs';
import path from 'node:path';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

const require = createRequire(path.join(process.env.BROWSER_MODULES, 'x.js'));
const puppeteer = (await import(pathToFileURL(require.resolve('puppeteer-core')))).default;
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const browser = await puppeteer.launch({executablePath: process.env.CHROMIUM, headless: true, args: ['--no-sandbox', '--disable-dev-shm-usage']});
const wrong = [];

for (const file of process.argv.slice(2)) {
  const large = fs.statSync(file).size > 1 << 20; // colours and names are looked at in small ones
  for (const scheme of large ? ['light'] : ['light', 'dark']) {
    const page = await browser.newPage();
    let width = 360;
    const say = what => wrong.push(`${path.basename(file)}, ${scheme}, ${width}: ${what}`);
    const own = pathToFileURL(file).href, html = file.endsWith('.html');
    page.on('console', m => say('console: ' + m.text()));
    page.on('pageerror', e => say('error: ' + e));
    page.on('dialog', d => { say('dialog: ' + d.message()); d.dismiss(); });
    page.on('request', r => { if (r.url() !== own && r.url() !== 'data:,') say('request: ' + r.url()); });
    await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
    await page.setViewport({width, height: 900});
    await page.goto(own, {timeout: 120000});
    if (await page.evaluate(() => document.querySelectorAll('script').length)) say('it holds a script');
    for (width of [360, 768, 1024, 1440]) {
      await page.setViewport({width, height: 900});
      const seen = await page.evaluate(() => ({
        beyond: document.documentElement.scrollWidth - innerWidth,
        spilt: [...document.querySelectorAll('svg')].flatMap(svg => [...svg.querySelectorAll('text')].filter(t => {
          const box = t.getBBox(), room = (t.closest('g') ? 336 : svg.viewBox.baseVal.width) - 4;
          return box.x < 0 || box.x + box.width > room;
        }).map(t => t.textContent)).slice(0, 5),
        broken: [...document.querySelectorAll('.k')].filter(e => e.getClientRects().length > 1).map(e => e.textContent).slice(0, 5),
        ways: [...document.querySelectorAll('.ways')].filter(w => w.offsetParent && [...w.children].filter(s => getComputedStyle(s).display !== 'none').length !== 2).length,
      }));
      if (html && seen.beyond > 0) say(`${seen.beyond} pixels too wide`);
      if (seen.spilt.length) say('text out of its box: ' + seen.spilt.join(' | '));
      if (seen.broken.length) say('broken: ' + seen.broken.join(' | '));
      if (seen.ways) say(`${seen.ways} paths are not drawn there and back, each way once`);
      if (process.env.SCREENSHOTS) await page.screenshot({path: `${process.env.SCREENSHOTS}/${path.basename(file)}.${scheme}.${width}.png`, fullPage: true});
      if (!html || large || width === 768 || width === 1024) continue; // nothing that axe looks at is other in between
      await page.setBypassCSP(true);
      await page.evaluate(axe);
      for (const v of await page.evaluate(async () => (await axe.run()).violations.map(v => v.id + ': ' + v.nodes[0].html.slice(0, 160)))) say('axe: ' + v);
    }
    if (html && !large && scheme === 'light') {
      const pdf = await page.pdf({format: 'A4', timeout: 120000});
      if (pdf.length < 1000) say('nothing on paper');
    }
    await page.close();
  }
}
await browser.close();
console.log(JSON.stringify(wrong));
