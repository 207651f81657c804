// `npm run compare`: Deputy beside mitmproxy and Squid, one proxy process each, on the same origin and the same load.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createAuthority } from '../../host/cli/demo/authority/authority.js';
import { isInstalled, startOrigin } from '../../host/cli/demo/origins.js';
import { type Case, measure, type Result } from './load.js';
import { absent, type Contestant, contestants, FROM, TO } from './proxies.js';
import { HOST, opener } from './sessions.js';

const usage = `Usage: npm run compare [-- options]

Requests per second, times and processor time of Deputy, mitmproxy and Squid with ssl-bump, each as one process, on one
nginx (TLS 1.3) over loopback. The load generator, one process for all, speaks TLS 1.3 by Node's own TLS; for Deputy it
shakes hands with the origin and delegates the session (open leg), for the others it accepts their certificates. Deputy's
service runs in a thread of its own, by default, and with --trust-services in the proxy's process, as mitmproxy's addon.
Processor time is that of the proxy's process alone. Needs nginx-light, mitmproxy, squid-openssl.

  --seconds N    for each measurement, after as long a warm-up (4)
  --only TEXT    cases whose name contains TEXT
  --proxy NAME   one alone, as the table names it; may be repeated
  --json         one JSON object instead of a table
`;

const kept = { fresh: false, connections: 16 };
const CASES: readonly Case[] = [
  { ...kept, name: '2 KiB page, kept sessions', path: '/small', rewriting: false },
  { ...kept, name: '2 KiB page, kept sessions, body changed', path: '/small', rewriting: true },
  { ...kept, name: '100 KiB page, kept sessions', path: '/large', rewriting: false },
  { ...kept, name: '100 KiB page, kept sessions, body changed', path: '/large', rewriting: true },
  {
    name: '2 KiB page, a new session for each',
    path: '/small',
    fresh: true,
    rewriting: false,
    connections: 4,
  },
];

const page = (bytes: number) => {
  const paragraph = `<p>My kingdom for ${FROM}! I have set my life upon a cast, and I will stand the hazard of the die.\n`;
  return Buffer.from(paragraph.repeat(Math.ceil(bytes / paragraph.length)).slice(0, bytes), 'latin1');
};

interface Row extends Result {
  case: string;
  proxy: Contestant['name'];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '4' },
      only: { type: 'string', default: '' },
      proxy: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const wanted = contestants.filter(({ name }) => values.proxy?.includes(name) ?? true);
  const missing = [
    ...(isInstalled('nginx') ? [] : ['nginx-light']),
    ...wanted.filter((one) => absent().includes(one)).map((one) => one.package),
  ];
  if (missing.length > 0) {
    console.error(`What is compared needs: apt-get install --no-install-recommends ${missing.join(' ')}`);
    return 1;
  }
  const rows = await compare(wanted, values.only, Number(values.seconds));
  const report = {
    machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores`,
    date: new Date().toISOString().slice(0, 10),
    versions: wanted.map((one) => one.version()),
    rows,
  };
  console.log(values.json ? JSON.stringify(report, null, 2) : text(report));
  return 0;
}

async function compare(wanted: readonly Contestant[], only: string, seconds: number): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'deputy-compare-'));
  const authority = await createAuthority();
  const files = { '/small': page(2048), '/large': page(102_400) };
  const origin = await startOrigin('nginx', {
    certificates: [await authority.issue({ names: [HOST] })],
    version: '1.3',
    cipherSuite: 'TLS_AES_128_GCM_SHA256',
    more: ['keepalive_requests 10000000;'],
    files: Object.fromEntries(
      Object.entries(files).map(([path, body]) => [path, { type: 'text/html', body }]),
    ),
  });
  const rows: Row[] = [];
  try {
    for (const each of CASES.filter(({ name }) => name.includes(only))) {
      for (const contestant of wanted) {
        if (contestant.rewrites === (each.rewriting ? 'never' : 'only')) continue;
        if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${each.name}: ${contestant.title}`);
        const proxy = await contestant.start(directory, authority, each.rewriting);
        const way = await opener(contestant, proxy, { port: origin.port, ca: authority.root.pem });
        const { length } = files[each.path as keyof typeof files];
        const expected = (body: Buffer) =>
          (body.length === length || contestant.rewrites === 'never' || each.rewriting) &&
          body.includes(each.rewriting ? TO : FROM) &&
          body.length >= length;
        try {
          const result = await measure(each, `${HOST}:${origin.port}`, way, proxy, expected, {
            warmUp: seconds,
            seconds,
          });
          rows.push({ case: each.name, proxy: contestant.name, ...result });
        } finally {
          way.close();
          await proxy.stop();
        }
      }
    }
  } finally {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    await origin.stop();
    await rm(directory, { recursive: true, force: true });
  }
  return rows;
}

function text({
  machine,
  date,
  versions,
  rows,
}: {
  machine: string;
  date: string;
  versions: string[];
  rows: Row[];
}) {
  const lines = [`${machine}, ${date}; ${versions.join('; ')}`];
  let last = '';
  for (const row of rows) {
    if (row.case !== last) lines.push('', row.case, HEADING);
    last = row.case;
    const own = rows.find((one) => one.case === row.case && one.proxy === 'deputy');
    const ratio = own === undefined ? '' : (own.requestsPerCoreSecond / row.requestsPerCoreSecond).toFixed(2);
    const cells = [
      row.requestsPerSecond.toFixed(0),
      row.p50.toFixed(2),
      row.p99.toFixed(2),
      row.cpuPerRequest.toFixed(0),
      row.requestsPerCoreSecond.toFixed(0),
      `${(row.residentBytes / 2 ** 20).toFixed(0)} MiB`,
      ratio,
    ];
    lines.push(`  ${row.proxy.padEnd(20)}${cells.map((cell) => cell.padStart(12)).join('')}`);
  }
  return lines.join('\n');
}

const HEADING = `  ${''.padEnd(20)}${[
  'requests/s',
  'p50 ms',
  'p99 ms',
  'CPU us/req',
  'req/CPU s',
  'resident',
  'Deputy is',
]
  .map((cell) => cell.padStart(12))
  .join('')}`;

process.exitCode = await main();
