#!/usr/bin/env node
// The `deputy` command.
import { run } from './command_line.js';

process.exitCode = await run(process.argv.slice(2));
