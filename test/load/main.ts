// `npm run load`: 500 sessions at once on one proxy process, every byte checked, while what it depends on is killed.
import { parseArgs } from 'node:util';
import { type LoadReport, runLoad } from './run.js';

const usage = `Usage: npm run load [-- options]

  --sessions N   sessions at once (500)
  --seconds N    for each part (10)
  --json         one JSON object instead of a table
  --profile DIR  the proxy's CPU profile, for Chrome's developer tools
  --log          what the proxy logged last, to standard error
`;
const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
    log: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function table({ opened, parts, memory }: Omit<LoadReport, 'log'>): string {
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const lines = [
    `${opened.sessions} sessions open after ${opened.milliseconds} ms, ${opened.sockets} sockets`,
    '',
  ];
  for (const { name, milliseconds, origins } of parts) {
    const right = Object.values(origins).reduce((sum, counts) => sum + counts.right, 0);
    const wrong = Object.values(origins).reduce((sum, counts) => sum + counts.wrong, 0);
    const failures = Object.entries(origins).flatMap(([origin, { failed }]) =>
      Object.entries(failed).map(([code, n]) => `${origin} ${code} ${n}`),
    );
    const rate = ((right * 1000) / milliseconds).toFixed(0);
    lines.push(
      `${name.padEnd(32)} ${String(right).padStart(7)} right (${rate}/s), ${wrong} wrong; failed: ${failures.join(', ') || 'none'}`,
    );
  }
  lines.push('');
  for (const [when, held] of Object.entries(memory)) {
    const { heapUsed, arrayBuffers, rss } = held;
    lines.push(
      `proxy, ${when.padEnd(5)} heap ${mebibytes(heapUsed)}, buffers ${mebibytes(arrayBuffers)}, resident ${mebibytes(rss)}` +
        (held.sockets === undefined ? '' : `, ${held.sockets} sockets`),
    );
  }
  return lines.join('\n');
}

if (values.help) {
  console.log(usage);
} else {
  const step = process.stderr.isTTY ? (name: string) => process.stderr.write(`\r\x1b[K${name}`) : () => {};
  const { sessions, seconds, profile } = values;
  const report = await runLoad({ sessions: Number(sessions), seconds: Number(seconds), profile, step });
  step('');
  const { log, ...figures } = report;
  if (values.log) process.stderr.write(log);
  console.log(values.json ? JSON.stringify(figures, null, 2) : table(figures));
  const wrong = Object.values(report.total).reduce((sum, counts) => sum + counts.wrong, 0);
  process.exitCode = wrong > 0 || !report.alive ? 1 : 0;
}
