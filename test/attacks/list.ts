// All attacks, in the order of the table.
import type { Attack } from './attack.js';
import { clientSecrets } from './client_secrets.js';
import { crowds } from './crowds.js';
import { cutAnswers } from './cut_answers.js';
import { cutLogs } from './cut_logs.js';
import { desyncs } from './desync.js';
import { frameFloods } from './frame_floods.js';
import { limits } from './limits.js';
import { poisonedPrefixes } from './poisoned_prefix.js';
import { privateAnswers } from './private_answers.js';
import { secretsLeft } from './secrets_left.js';
import { tenants } from './tenants.js';

export const attacks: readonly Attack[] = [
  ...cutAnswers,
  ...limits,
  ...poisonedPrefixes,
  ...tenants,
  ...desyncs,
  ...privateAnswers,
  ...crowds,
  ...frameFloods,
  ...cutLogs,
  ...secretsLeft,
  ...clientSecrets,
];
