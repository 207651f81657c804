// What host/deploy has for other programs is what those programs read, and names only what there is.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { metricsOf } from '../../../host/operator/metrics.js';
import { proxyEvents } from '../../../host/proxy/events.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(root, 'host/deploy');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const scratch = mkdtempSync(join(tmpdir(), 'deputy-deploy-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const runs = (command: string, ...args: string[]) => spawnSync(command, args, { encoding: 'utf8' });
const lacks = (command: string, ...args: string[]) => runs(command, ...args).status !== 0;

/** A test by a program that may not be there. */
const judged = (program: string, absent: boolean) => (name: string, run: () => void) =>
  absent ? test.skip(`${name} (${program} is not installed)`, run) : test(`${name} (by ${program})`, run);

describe('the systemd unit', () => {
  judged('systemd-analyze', lacks('systemd-analyze', '--version'))('is read without a word', () => {
    const unit = join(scratch, 'deputy.service');
    // The command and the manual page are there where the package is installed.
    writeFileSync(
      unit,
      read('deputy.service')
        .replaceAll('/usr/bin/deputy', '/bin/true')
        .replace(/^Documentation=.*\n/m, ''),
    );
    const { stdout, stderr } = runs('systemd-analyze', 'verify', unit);
    // Other units of this machine are none of ours.
    expect(`${stdout}${stderr}`.split('\n').filter((line) => line.includes('deputy'))).toEqual([]);
  });

  test('runs commands that there are, with options that they have', () => {
    const help = runs(process.execPath, join(root, 'dist/host/cli/deputy.js'), 'proxy', '--help').stdout;
    const used = [...read('deputy.service').matchAll(/^Exec\w+=\/usr\/bin\/deputy proxy (.*)$/gm)].map(
      ([, args]) => args!,
    );
    expect(used).toHaveLength(2);
    for (const [option] of used.join(' ').matchAll(/--[\w-]+/g)) expect(help).toContain(option);
  });
});

describe('the balancer', () => {
  judged('haproxy', lacks('haproxy', '-v'))('has a valid configuration', () => {
    const { status, stdout, stderr } = runs('haproxy', '-c', '-f', join(folder, 'haproxy.cfg'));
    expect({ status, said: `${stdout}${stderr}` }).toMatchObject({
      status: 0,
      said: expect.not.stringMatching(/WARNING|ALERT/),
    });
  });
});

describe('the containers', () => {
  judged('docker compose', lacks('docker', 'compose', 'version'))(
    'are described as docker compose wants it',
    () => {
      const { status, stderr } = runs(
        'docker',
        'compose',
        '-f',
        join(folder, 'compose.yaml'),
        'config',
        '--quiet',
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    },
  );

  test('start the proxy with options that it has', () => {
    const help = runs(process.execPath, join(root, 'dist/host/cli/deputy.js'), 'proxy', '--help').stdout;
    const commands = [...read('compose.yaml').matchAll(/deputy proxy ((?:.*\n {6,}--.*)+|.*)/g)].map(
      ([, args]) => args!,
    );
    expect(commands).toHaveLength(2);
    for (const [option] of commands.join(' ').matchAll(/(?<= )--[\w-]+/g)) expect(help).toContain(option);
  });
});

describe('what Prometheus and Grafana are told', () => {
  const registry = metricsOf({ events: proxyEvents(), sessions: () => [] });
  const named = (text: string) =>
    new Set([...text.matchAll(/\b(?:deputy|process)_[a-z_]+/g)].map(([name]) => name));

  test.each(['alerts.yaml', 'grafana.json'])('%s names metrics that a proxy has', async (file) => {
    const has = new Set(
      [...(await registry.metrics()).matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name, type]) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name!],
      ),
    );
    const names = named(read(file));
    expect(names.size).toBeGreaterThan(5);
    expect([...names].filter((name) => !has.has(name))).toEqual([]);
  });

  judged('promtool', lacks('promtool', '--version'))('alerts are valid rules', () => {
    const { status, stdout, stderr } = runs('promtool', 'check', 'rules', join(folder, 'alerts.yaml'));
    expect({ status, said: `${stdout}${stderr}` }).toMatchObject({ status: 0 });
  });

  test('the dashboard has panels that do not overlap, each with a question', () => {
    const { panels } = JSON.parse(read('grafana.json')) as {
      panels: { id: number; gridPos: { x: number; y: number }; targets: { expr: string }[] }[];
    };
    expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size).toBe(panels.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { targets } of panels) expect(targets.every(({ expr }) => expr.includes('$node'))).toBe(true);
  });
});

test('its README lists all that is there', () => {
  const listed = [...read('README.md').matchAll(/^\| `([\w.]+)`/gm)].map(([, name]) => name!);
  expect(listed.sort()).toEqual(
    readdirSync(folder)
      .filter((name) => name !== 'README.md')
      .sort(),
  );
});
