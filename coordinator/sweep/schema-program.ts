/** How a sweep file says that a command, or a module of the user's own, is what it trains. */
import * as z from 'zod';
import { MODULE_PATH } from '../../proto/model-module.js';
import { fields, text } from './schema-parts.js';
import { someTime } from './schema-time.js';

const WORDS = 'a list of words, such as [python, train.py]';
export const command = z.array(z.union([text(WORDS), z.number()], { error: WORDS }), WORDS).min(1, WORDS);

const MODULE = 'a module that exports train, such as ./train.ts';
export const modulePath = z.string(MODULE).regex(MODULE_PATH, MODULE);

const FILES = 'a list of files, folders and patterns beside the sweep file, such as [train.py, lib]';
const ENVIRONMENT = 'a map of variable to text';

export const commandFields = fields(
  {
    command,
    files: z.array(text(FILES), FILES).optional(),
    share: z.boolean('true or false').optional(),
    environment: z.record(z.string(), z.union([z.string(), z.number()], { error: 'a text or a number' }), ENVIRONMENT).optional(),
    silence: someTime.optional(),
  },
  '{command, files, share, environment, silence}',
);
export const moduleFields = fields({ module: modulePath, silence: someTime.optional() }, '{module, silence}');

export const program = z.union([commandFields, moduleFields], { error: '{command: [python, train.py]}, {module: ./train.ts} or {synthetic: {metrics}}' });
