#!/usr/bin/env node
// The `deputy` command.
import { run } from './command_line.js';
import { endQuietly } from './output.js';

endQuietly();
process.exitCode = await run(process.argv.slice(2));
