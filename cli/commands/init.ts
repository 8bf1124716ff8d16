import { withHome, withJson, type HomeOptions } from '../options.js';
import type { Command } from 'commander';

export function addInit(program: Command): void {
  const command = program
    .command('init')
    .summary('write a sweep file for a folder of images')
    .description('Looks at FOLDER (one folder of images per class, or train / val / test folders of such; or an .npz archive or folder of .npy arrays) and writes a commented sweep file for it to FILE, or beside the folder. Nothing is overwritten, and nothing is written into the folder.')
    .argument('<folder>', 'a folder of images, or arrays (.npz)')
    .argument('[file]', 'the sweep file to write (default: FOLDER.yaml, beside the folder)')
    .addHelpText('after', '\nExample:\n  trawl init ./chest_xray');
  withJson(withHome(command)).action(async (folder: string, file: string | undefined, options: HomeOptions) => {
    const { runInit } = await import('../init/command.js');
    await runInit({ folder, file: file ?? null, home: options.home, json: options.json === true });
  });
}
