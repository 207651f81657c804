import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { findBoard, missingTools } from '../../../boards/parts/boards.js';
import { runEmulator, startEmulator } from '../../../boards/parts/emulator.js';
import { buildFirmware } from '../../../boards/parts/firmware.js';
import { ended } from '../../../boards/parts/run.js';

// What Debian's QEMU 7.2 says where qemu-system-gui is not installed.
const ABOUT_SOUND = ['pa', 'jack', 'sdl']
  .map(
    (module) =>
      `qemu: module audio-audio-${module} not found, do you want to install qemu-system-gui package?\n`,
  )
  .join('');

/** Says these pieces on its error output, apart from each other. */
const speaker = (pieces: readonly string[]) => [
  '-e',
  `const say = ([first, ...rest]) => {
     if (first === undefined) return;
     process.stderr.write(Buffer.from(first, 'latin1'));
     setTimeout(say, 20, rest);
   };
   say(${JSON.stringify(pieces)})`,
];

describe('what an emulator says', () => {
  const [begun, rest] = [ABOUT_SOUND.slice(0, 100), ABOUT_SOUND.slice(100)];
  test.each([
    ['about sound is left out', [ABOUT_SOUND], ''],
    ['for the board follows it', [`${ABOUT_SOUND}one\n`, 'two'], 'one\ntwo'],
    ['may come in any pieces', [begun, `${rest}on`, 'e\n', 'two'], 'one\ntwo'],
    ['stays without it', ['one', '\ntwo\n'], 'one\ntwo\n'],
    ['stays as it is later on', [`one\n${ABOUT_SOUND}`], `one\n${ABOUT_SOUND}`],
    ['stays where it is no whole line', ['qemu: mod'], 'qemu: mod'],
    ['keeps its bytes', ['\xff\xfe\x00\n\x80'], '\xff\xfe\x00\n\x80'],
  ])('%s', async (_, pieces, expected) => {
    const child = startEmulator(process.execPath, speaker(pieces), { stdio: ['ignore', 'ignore', 'pipe'] });
    const [said, status] = await Promise.all([buffer(child.stderr!), ended(child)]);
    expect([said.toString('latin1'), status]).toEqual([expected, 0]);
    const run = runEmulator(process.execPath, speaker(pieces));
    expect(Buffer.from(run.stderr)).toEqual(Buffer.from(Buffer.from(expected, 'latin1').toString()));
  });
});

const palm = await findBoard('palm-tungsten-e');
const absent = missingTools(palm);
describe.skipIf(absent)(`a board with sound${absent ? ` (skipped: ${absent})` : ''}`, () => {
  test('starts without a word of it', async () => {
    const file = buildFirmware(palm, 'fault', ['../test/boards/fault/provoke.c']);
    const args = [
      ...palm.machine!(file),
      '-semihosting-config',
      'enable=on,target=native,arg=fault,arg=none',
    ];
    expect(runEmulator(palm.emulator!, args)).toMatchObject({ status: 0, stderr: '' });
    const child = startEmulator(palm.emulator!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const [said, status] = await Promise.all([buffer(child.stderr!), ended(child)]);
    expect([`${said}`, status]).toEqual(['', 0]);
  });
});
