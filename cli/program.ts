/** Every command of `trawl`, put together; nothing runs before it is parsed. */
import { Command } from 'commander';
import { packageVersion } from '../proto/package-root.js';
import { addDashboard } from './commands/dashboard.js';
import { addDataCommands } from './commands/data.js';
import { addBench } from './commands/bench.js';
import { addBundleCommands } from './commands/bundles.js';
import { addCertsCommands } from './commands/certs.js';
import { addChangeCommands } from './commands/changes.js';
import { addNoteCommands } from './commands/notes.js';
import { addDoctor } from './commands/doctor.js';
import { addEngineCommands } from './commands/engine.js';
import { addFleetCommands } from './commands/fleet.js';
import { addGc } from './commands/gc.js';
import { addInit } from './commands/init.js';
import { addLr } from './commands/lr.js';
import { addModel } from './commands/model.js';
import { addReadingCommands } from './commands/reading.js';
import { addRun } from './commands/run.js';
import { addSubmitCommands } from './commands/submit.js';
import { addSweepCommands } from './commands/sweeps.js';
import { addTokenCommands } from './commands/token.js';
import { addTrialCommands } from './commands/trials.js';
import { addWorkerCommands } from './commands/workers.js';

/** `exit` is told the exit code of a command that has one of its own. */
export function buildProgram(exit: (code: number) => void): Command {
  const program = new Command('trawl')
    .description('Sweeps the hyperparameters of image classifiers: shared epochs, exact through crashes, nothing else to install.')
    .version(packageVersion())
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .addHelpText('after', '\nExample:\n  trawl run digits.yaml');
  addRun(program, exit);
  addInit(program);
  addDataCommands(program);
  addSubmitCommands(program, exit);
  addSweepCommands(program);
  addChangeCommands(program, exit);
  addNoteCommands(program);
  addTrialCommands(program);
  addReadingCommands(program);
  addBundleCommands(program, exit);
  addModel(program);
  addLr(program);
  addEngineCommands(program, exit);
  addDoctor(program, exit);
  addFleetCommands(program, exit);
  addDashboard(program);
  addGc(program);
  addTokenCommands(program);
  addCertsCommands(program);
  addWorkerCommands(program);
  addBench(program, exit);
  return program;
}
