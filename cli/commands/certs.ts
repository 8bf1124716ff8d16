/** `trawl certs`: a private CA for a small fleet. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { several, withJson } from '../options.js';
import { print, printJson } from './on-service.js';

interface InitOptions {
  readonly name: string;
  readonly json?: boolean;
}

interface IssueOptions {
  readonly dir: string;
  readonly host?: readonly string[];
  readonly client?: boolean;
  readonly days: number;
  readonly json?: boolean;
}

export function addCertsCommands(program: Command): void {
  const certs = program.command('certs').summary('a private CA for a small fleet').description('Makes certificates for TLS between workers, people and a coordinator, where there is no CA to issue them.');
  const init = certs
    .command('init')
    .summary('a new CA')
    .description('Makes a CA in DIR: ca.crt, which every machine gets (--ca), and ca.key, which signs and stays where it is. Nothing is overwritten.')
    .argument('<dir>', 'a folder that only you can read')
    .option('--name <name>', 'of the CA', 'trawl')
    .addHelpText('after', '\nExample:\n  trawl certs init ./ca');
  withJson(init).action(async (folder: string, options: InitOptions) => {
    const { initAuthority } = await import('../certs/files.js');
    const made = await initAuthority(folder, options.name);
    if (options.json === true) printJson(made);
    else print(made.lines);
  });
  const issue = certs
    .command('issue')
    .summary('a certificate of that CA')
    .description('Issues a certificate for a coordinator, or with --client for a worker: NAME.crt and NAME.key beside the CA. Nothing is overwritten.')
    .argument('<name>', 'of the machine; without --host also the name by which it is reached')
    .requiredOption('--dir <dir>', 'the folder of the CA')
    .addOption(new Option('--host <host>', 'a name or an address by which the coordinator is reached; may be given several times').argParser(several))
    .option('--client', "for a worker's --cert and --key")
    .addOption(new Option('--days <n>', 'for how long it is good').argParser(days).default(365))
    .addHelpText('after', '\nExamples:\n  trawl certs issue sweeps.example.org --dir ./ca --host 10.0.0.7\n  trawl certs issue gpu-1 --dir ./ca --client');
  withJson(issue).action(async (name: string, options: IssueOptions) => {
    const { issueCertificate } = await import('../certs/files.js');
    const made = await issueCertificate(options.dir, { name, hosts: options.host ?? [], client: options.client === true, days: options.days });
    if (options.json === true) printJson(made);
    else print(made.lines);
  });
}

function days(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 3_650) throw new InvalidArgumentError(`found ${text}, expected a number of days from 1 to 3650.`);
  return value;
}
