/** Commands about images: data check. */
import { Option, type Command } from 'commander';
import { withHome, withJson, type HomeOptions } from '../options.js';

interface CheckOptions extends HomeOptions {
  readonly groupBy?: string;
}

export function addDataCommands(program: Command): void {
  const data = program.command('data').summary('the health of a data set').description("Looks at images before anything is trained on them.");
  const check = data
    .command('check')
    .summary('what is wrong with a folder of images')
    .description(
      'Counts classes, sizes and channels; finds unreadable files, copies, patients on both sides of given parts, and shortcuts: facts about files (bytes, height, width, shape, channels) that alone predict the class. Exits 0 whatever it finds.',
    )
    .argument('<folder>', 'a folder of images, as trawl run takes it')
    .addOption(new Option('--group-by <regex>', "what in a file's name tells patients apart, first capture (default: guessed from the names)"))
    .addHelpText('after', '\nExample:\n  trawl data check ./chest_xray');
  withJson(withHome(check)).action(async (folder: string, options: CheckOptions) => {
    const { runCheck } = await import('../check/command.js');
    await runCheck({ folder, home: options.home, groupBy: options.groupBy ?? null, json: options.json === true });
  });
}
