import assert from 'node:assert/strict';
import { it } from 'node:test';
import { simpleCommands } from './shell-words.js';

const words = (text: string, values?: { readonly [name: string]: string }): (readonly string[])[] => simpleCommands(text, (name) => values?.[name]).map((command) => command.words);

// What bash itself makes of these (printf '<%s>' of each word), written down by hand.
it('quotes, escapes and continued lines make words as the shell does', () => {
  assert.deepEqual(words(`trawl run 'a b' "c d" e\\ f \\\n  --slots 2`), [['trawl', 'run', 'a b', 'c d', 'e f', '--slots', '2']]);
});

it('lists, pipes, subshells and conditions are taken apart', () => {
  assert.deepEqual(words('a && b || c; d | e\n(f)'), [['a'], ['b'], ['c'], ['d'], ['e'], ['f']]);
});

it('redirections and comments are no arguments', () => {
  assert.deepEqual(words('trawl ls > out.txt 2> err 2>&1 < in # and so on'), [['trawl', 'ls']]);
});

it('a here-document is no command', () => {
  assert.deepEqual(words("cat > f <<'EOF'\ntrawl nonsense\nEOF\nb"), [['cat'], ['b']]);
});

it('commands inside of substitutions count', () => {
  assert.deepEqual(words('x="$(trawl token ls)" y=$(trawl ls)'), [['trawl', 'token', 'ls'], ['trawl', 'ls'], ['x=x', 'y=x']]);
});

it('a command inside of a quote has quotes of its own', () => {
  assert.deepEqual(words('cd "$(dirname "$0")" && trawl ls "${options[@]}"'), [['dirname', 'x'], ['cd', 'x'], ['trawl', 'ls']]);
});

it('parameters become what is known of them, else their fallback', () => {
  assert.deepEqual(words('a $N "${M:-4}" ${N:-5} \'$N\'', { N: '2' }), [['a', '2', '4', '2', '$N']]);
});

it('a command is told by the line of its first word', () => {
  assert.deepEqual(simpleCommands('\na\n\nb \\\n c').map(({ line }) => line), [2, 4]);
});

it('a quote that does not end is an error', () => {
  assert.throws(() => words('a "b'), /line 1: a quote that does not end/);
});
