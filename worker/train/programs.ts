/** Programs of a user's own, ready for their first epoch. */
import { join } from 'node:path';
import type { ProgramTrajectory } from '../../proto/work.js';
import { CommandTrainer } from './command.js';
import { ModuleTrainer } from './module.js';
import type { TrainOrder } from './protocol.js';
import type { Trainer } from './trainer.js';
import { Workspace } from './workspace.js';

/** In a process of its own, which ends when the order is done. */
export async function openProgram({ work, start, program, folder, prefix }: TrainOrder, trajectory: ProgramTrajectory): Promise<Trainer> {
  const checkpoint = start.from === 'file' ? start.path : null;
  const place = join(folder, `${prefix}run`);
  if (trajectory.trainable === 'command') return CommandTrainer.start(work, trajectory, await Workspace.open(place, program, checkpoint));
  if (program === null) throw new TypeError('a module has a file of code');
  return ModuleTrainer.start(work, trajectory, await Workspace.open(place, null, checkpoint), program);
}
