/** Commands about images: data check, data preview. */
import { Option, type Command } from 'commander';
import { withHome, withJson, type HomeOptions } from '../options.js';

interface CheckOptions extends HomeOptions {
  readonly groupBy?: string;
}

interface PreviewOptions extends HomeOptions {
  readonly out?: string;
}

export function addDataCommands(program: Command): void {
  const data = program.command('data').summary('the health of a data set').description("Looks at images before anything is trained on them.");
  const check = data
    .command('check')
    .summary('what is wrong with a set of images')
    .description(
      'Counts classes, sizes and channels; finds unreadable files, copies, patients on both sides of given parts, and shortcuts: facts about files (bytes, height, width, shape, channels) that alone predict the class. Exits 0 whatever it finds.',
    )
    .argument('<target>', 'a folder of images, a file or folder of arrays (.npz, .npy), or a sweep file whose data are meant')
    .addOption(new Option('--group-by <regex>', "what in a file's name tells patients apart, first capture (default: guessed from the names)"))
    .addHelpText('after', '\nExample:\n  trawl data check ./chest_xray\n  trawl data check chest_xray.yaml');
  withJson(withHome(check)).action(async (target: string, options: CheckOptions) => {
    const { runCheck } = await import('../check/command.js');
    await runCheck({ target, home: options.home, groupBy: options.groupBy ?? null, json: options.json === true });
  });
  const preview = data
    .command('preview')
    .summary('pictures of what the network will see')
    .description('Writes a contact sheet (PNG) with up to 16 images of each class as the first trial sees them: at its image size, with the channels and the resize of the sweep file, before normalisation and augmentation.')
    .argument('<file>', 'a sweep file')
    .addOption(new Option('--out <png>', 'where to write it (default: FILE-preview.png, beside the sweep file)'))
    .addHelpText('after', '\nExample:\n  trawl data preview chest_xray.yaml');
  withJson(withHome(preview)).action(async (file: string, options: PreviewOptions) => {
    const { runPreview } = await import('../data/preview-command.js');
    await runPreview({ file, out: options.out ?? null, home: options.home, json: options.json === true });
  });
}
