// `npm run bench:filter`: what a decision costs with whole lists loaded, and what hiding costs on a page.
import { existsSync, readFileSync } from 'node:fs';
import { cutPage } from '../../host/services/filter/cut_page.js';
import { FilterEngine, type ResourceType } from '../../host/services/filter/engine.js';
import { ElementHiding } from '../../host/services/filter/hiding.js';
import { parseList } from '../../host/services/filter/list.js';
import { LISTS } from '../host/services/filter/lists.js';

const files = process.argv.slice(2).length > 0 ? process.argv.slice(2) : Object.values(LISTS);
const absent = files.find((file) => !existsSync(file));
if (absent !== undefined) {
  console.error(`there is no ${absent}: install webext-ublock-origin-chromium, or name lists`);
  process.exit(1);
}

const ROUNDS = 20_000;
const ADDRESSES: readonly (readonly [string, ResourceType | undefined])[] = [
  ['https://www.google-analytics.com/analytics.js', 'script'],
  ['https://example.com/page/one.html', undefined],
  ['https://cdn.example.com/js/jquery.min.js?v=3.7.1', 'script'],
  ['https://static.doubleclick.net/instream/ad_status.js', 'script'],
  ['https://news.example.co.uk/2026/12/a-story-with-a-long-name?utm_source=x&id=123456', 'document'],
  ['https://images.example.net/width=320/a/b/c/d/picture.jpeg', 'image'],
];

/** Of the processor: other programs of this machine don't count. */
const cpuTime = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const milliseconds = <T>(run: () => T): [T, number] => {
  const started = cpuTime();
  return [run(), cpuTime() - started];
};

const [lists, reading] = milliseconds(() => files.map((file) => parseList(readFileSync(file, 'utf8'))));
const [engine, building] = milliseconds(() => new FilterEngine(lists));
const [hiding, indexing] = milliseconds(() => new ElementHiding(engine.rules));
const count = (of: 'addresses' | 'elements' | 'unusable') =>
  lists.reduce((sum, list) => sum + list[of].length, 0);
console.log(
  `${count('addresses')} rules for addresses, ${count('elements')} for elements, ${count('unusable')} left out`,
);
console.log(`read in ${reading.toFixed(0)} ms, built in ${(building + indexing).toFixed(0)} ms`);

const decide = (round: number) => {
  const [url, type] = ADDRESSES[round % ADDRESSES.length]!;
  return engine.decide({ url: `${url}${url.includes('?') ? '&' : '?'}n=${round}`, page: 'page.test', type });
};
// The library makes what it needs when a rule is first tried.
for (let round = 0; round < ADDRESSES.length * 50; round++) decide(round);
const [refused, deciding] = milliseconds(() => {
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) if (decide(round) !== undefined) refused++;
  return refused;
});
const each = (deciding / ROUNDS) * 1000;
console.log(`a decision: ${each.toFixed(1)} µs (${ROUNDS} of them, ${refused} refused)`);

const item = (n: number) =>
  `<div class="item story-${n} card" id="s${n}"><a href="https://news.test/${n}">A headline</a><p>Some words.</p></div>`;
const page = Buffer.from(`<!doctype html><body>${Array.from({ length: 900 }, (_, n) => item(n)).join('')}`);
async function* body() {
  for (let at = 0; at < page.length; at += 16_384) yield page.subarray(at, at + 16_384);
}
const pageHiding = () => hiding.onPage('https://news.test/')!;
for (let round = 0; round < 30; round++)
  for await (const _ of cutPage(body(), pageHiding(), 'utf-8', { onGivenUp }));
const started = cpuTime();
for (let round = 0; round < 30; round++)
  for await (const _ of cutPage(body(), pageHiding(), 'utf-8', { onGivenUp }));
const hidingTime = (cpuTime() - started) / 30;
console.log(`hiding on a page of ${page.length >> 10} KiB with 2700 elements: ${hidingTime.toFixed(1)} ms`);
process.exitCode = each <= 30 ? 0 : 1;

function onGivenUp(why: string): void {
  throw new Error(why);
}
