// `deputy demo`: three real origins, a proxy and a device under wasm3, all on this machine.
import { Command, Option } from 'commander';
import { boardDevice } from './demo/board.js';
import { localDevice } from './demo/device.js';
import { type DemoResult, runDemo } from './demo/exchange.js';
import { pageAsText } from './demo/page.js';
import type { StoryStep } from './demo/story.js';

interface DemoOptions {
  engine?: 'wasm3' | 'v8';
  board?: string;
  json?: boolean;
}

export function demoCommand(): Command {
  return new Command('demo')
    .description('Fetch a page of three real origins through a proxy on this machine, step by step.')
    .addOption(new Option('--engine <engine>', 'what runs the TLS engine').choices(['wasm3', 'v8']))
    .addOption(
      new Option('--board <board>', 'the handheld is firmware on this emulated board').conflicts('engine'),
    )
    .option('--json', 'print one JSON object instead of the story')
    .action(async (options: DemoOptions) => {
      process.exitCode = await demo(options);
    });
}

async function demo(options: DemoOptions): Promise<number> {
  const onStep = options.json ? () => {} : (step: StoryStep) => process.stdout.write(`${stepText(step)}\n`);
  const device = options.board === undefined ? localDevice(options.engine) : await boardDevice(options.board);
  if (!options.json) process.stdout.write('Three origins, one proxy and one handheld start on loopback.\n\n');
  const result = await runDemo({ device, onStep });
  if (options.json) {
    const { page: _, milliseconds, ...facts } = result;
    process.stdout.write(`${JSON.stringify({ ...facts, milliseconds }, null, 2)}\n`);
  } else {
    process.stdout.write(`\n${pageAsText(result.page)}\n\n${resultText(result)}\n`);
  }
  return result.ok ? 0 : 1;
}

function stepText({ requirement, what, knows, at }: StoryStep): string {
  const learned = Object.entries(knows).map(([party, fact]) => `         ${party.padEnd(6)} knows ${fact}`);
  return [`${`${at} ms`.padStart(8)} ${requirement.padEnd(4)}${what}`, ...learned].join('\n');
}

function resultText(result: DemoResult): string {
  const { bytesFromOrigins, bytesToClient, deviceCryptoBytes, milliseconds, engine } = result;
  const origins = result.origins.map(
    ({ name, server, tlsVersion, cipherSuite }) => `  ${name}  ${server}, ${tlsVersion}, ${cipherSuite}`,
  );
  return [
    'Origins:',
    ...origins,
    `From the origins ${bytesFromOrigins} bytes, to the handheld ${bytesToClient} bytes, ` +
      `through its own ciphers (${engine}) ${deviceCryptoBytes} bytes; ${milliseconds} ms in all.`,
    result.ok ? 'ok' : 'FAILED: the page is not complete',
  ].join('\n');
}
