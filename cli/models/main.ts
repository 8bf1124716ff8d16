/**
 * The process behind coordinator/api/model-process.ts: layers, bundles and predictions, by the code
 * of `trawl model`, `pull` and `predict`. It is asked one question at a time.
 */
// First: see there.
import { onOrphaned } from '../../proto/parent.js';
import { parseArgs } from 'node:util';
import { openBlobs } from '../../blob/open.js';
import { codeOf } from '../../coordinator/api/errors.js';
import type { ModelAnswer, ModelQuestion, ModelQuestions } from '../../coordinator/api/model-process.js';
import { homeNamed } from '../home.js';
import { KeptBundle } from './kept-bundle.js';
import { layersOf } from './layers.js';

onOrphaned(() => process.exit(0));

const { values } = parseArgs({ options: { home: { type: 'string' }, blobs: { type: 'string' } } });
const home = homeNamed(values.home);
const blobs = await openBlobs(values.blobs ?? '');
const bundle = await KeptBundle.open({ home, blobs });

async function answerTo(question: ModelQuestion): Promise<ModelQuestions[keyof ModelQuestions]['answer']> {
  switch (question.kind) {
    case 'layers':
      return { layers: layersOf(question.trajectory) };
    case 'bundle':
      return { tar: await bundle.tar(question.view) };
    case 'predict':
      return bundle.predict(question.view, question.image);
  }
}

async function answer(question: ModelQuestion): Promise<void> {
  const said = await answerTo(question).then(
    (value): ModelAnswer => ({ answer: value }),
    (error: unknown): ModelAnswer => ({ code: codeOf(error), message: error instanceof Error ? error.message : String(error) }),
  );
  process.send?.(said);
}

process.on('message', (question) => {
  void answer(question as ModelQuestion);
});
