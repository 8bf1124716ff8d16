/**
 * Simple commands of shell text, as words. As much of the shell's grammar as deployment scripts and
 * guides use: quotes, escapes, continued lines, comments, here-documents, redirections, pipes, lists, command
 * substitutions (whose commands count too) and parameters, which become what `values` says.
 */

export interface SimpleCommand {
  /** Of its first word, from 1. */
  readonly line: number;
  readonly words: readonly string[];
}

/** What a parameter stands for; undefined for one that is not known. */
export type Values = (name: string) => string | undefined;

const SPECIAL = /^[&|;()<>]/;
const PARAMETER = /^\$(?:\{([A-Za-z_]\w*)(?::?[-=+]([^}]*)|:?\?[^}]*)?\}|([A-Za-z_]\w*)|([0-9@*#?$!-]))/;

/** All of an array, of which nothing is known: no word. */
const LIST = /^"\$\{\w+\[@\]\}"/;

/** Throws Error for text that ends inside of quotes or of a substitution. */
export function simpleCommands(text: string, values: Values = () => undefined, firstLine = 1): SimpleCommand[] {
  return new Reader(text, values, firstLine).all();
}

class Reader {
  readonly #text: string;
  readonly #values: Values;
  readonly #found: SimpleCommand[] = [];
  #at = 0;
  #line: number;
  #words: string[] = [];
  #wordsLine = 0;
  /** Null between two words. */
  #word: string | null = null;
  /** The next word is the file of a redirection, and no argument. */
  #redirected = false;
  #hereEnds: string[] = [];
  #hereNext = false;

  constructor(text: string, values: Values, firstLine: number) {
    this.#text = text;
    this.#values = values;
    this.#line = firstLine;
  }

  all(): SimpleCommand[] {
    while (this.#at < this.#text.length) this.#step();
    this.#endCommand();
    return this.#found;
  }

  #step(): void {
    const rest = this.#text.slice(this.#at);
    if (rest.startsWith('\\\n')) this.#skip(2);
    else if (rest.startsWith('\n')) this.#endLine();
    else if (/^\s/.test(rest)) this.#blank();
    else if (rest.startsWith('#') && this.#word === null) this.#skip(/^[^\n]*/.exec(rest)?.[0].length ?? 0);
    else if (SPECIAL.test(rest)) this.#special(rest);
    else this.#letter(rest);
  }

  #letter(rest: string): void {
    if (rest.startsWith("'")) this.#singlyQuoted(rest);
    else if (LIST.test(rest)) this.#skip(LIST.exec(rest)?.[0].length ?? 1);
    else if (rest.startsWith('"')) this.#doublyQuoted(rest);
    else if (rest.startsWith('\\')) this.#add(rest[1] ?? '', 2);
    else if (rest.startsWith('$(')) this.#substitution(rest);
    else if (rest.startsWith('$') && PARAMETER.test(rest)) this.#add(this.#parameter(rest), PARAMETER.exec(rest)?.[0].length ?? 1);
    else this.#add(rest[0] ?? '', 1);
  }

  #singlyQuoted(rest: string): void {
    const whole = /^'[^']*'/.exec(rest)?.[0];
    if (whole === undefined) throw new Error(`line ${this.#line}: a quote that does not end`);
    this.#add(whole.slice(1, -1), whole.length);
  }

  /** A command inside of it has quotes of its own. */
  #doublyQuoted(rest: string): void {
    let end = 1;
    while (rest[end] !== '"') {
      if (end >= rest.length) throw new Error(`line ${this.#line}: a quote that does not end`);
      end += rest[end] === '\\' ? 2 : rest.startsWith('$(', end) ? this.#inner(rest.slice(end)).length + 3 : 1;
    }
    this.#add(this.#expand(rest.slice(1, end).replaceAll('\\\n', '')), end + 1);
  }

  /** Within double quotes. */
  #expand(body: string): string {
    let text = '';
    for (let at = 0; at < body.length; ) {
      const rest = body.slice(at);
      const parameter = PARAMETER.exec(rest);
      if (/^\\[$`"\\]/.test(rest)) {
        text += rest[1] ?? '';
        at += 2;
      } else if (rest.startsWith('$(')) {
        const inner = this.#inner(rest);
        this.#found.push(...simpleCommands(inner, this.#values, this.#line));
        text += 'x';
        at += inner.length + 3;
      } else if (parameter !== null) {
        text += this.#parameter(rest);
        at += parameter[0].length;
      } else {
        text += rest[0] ?? '';
        at += 1;
      }
    }
    return text;
  }

  #substitution(rest: string): void {
    const inner = this.#inner(rest);
    this.#found.push(...simpleCommands(inner, this.#values, this.#line));
    this.#add('x', inner.length + 3);
  }

  /** What stands between `$(` and its parenthesis. */
  #inner(rest: string): string {
    let depth = 0;
    for (let at = 1; at < rest.length; at += 1) {
      if (rest[at] === '(') depth += 1;
      if (rest[at] === ')') depth -= 1;
      if (depth === 0) return rest.slice(2, at);
    }
    throw new Error(`line ${this.#line}: a substitution that does not end`);
  }

  #parameter(rest: string): string {
    const [, braced, fallback, plain, special] = PARAMETER.exec(rest) ?? [];
    return this.#values(braced ?? plain ?? special ?? '') ?? fallback ?? 'x';
  }

  #special(rest: string): void {
    if (/^(&>>?|\d?[<>])/.test(rest) || rest.startsWith('<') || rest.startsWith('>')) {
      this.#redirection(rest);
    } else if (rest.startsWith('&') || rest.startsWith('|') || rest.startsWith(';') || rest.startsWith('(') || rest.startsWith(')')) {
      this.#endCommand();
      this.#skip(1);
    }
  }

  #redirection(rest: string): void {
    // The number of a file before it is no argument.
    if (this.#word !== null && /^\d+$/.test(this.#word)) this.#word = null;
    this.#endWord();
    const sign = /^(?:&>>?|<<-?|[<>]&\d*-?|>>|<|>\|?)/.exec(rest)?.[0] ?? '<';
    this.#skip(sign.length);
    if (/^[<>]&\d/.test(sign)) return;
    this.#redirected = true;
    this.#hereNext = sign.startsWith('<<');
  }

  #add(text: string, length: number): void {
    this.#word = (this.#word ?? '') + text;
    if (this.#words.length === 0) this.#wordsLine ||= this.#line;
    this.#skip(length);
  }

  #skip(length: number): void {
    this.#line += this.#text.slice(this.#at, this.#at + length).split('\n').length - 1;
    this.#at += length;
  }

  #blank(): void {
    this.#endWord();
    this.#skip(1);
  }

  #endWord(): void {
    if (this.#word === null) return;
    if (this.#redirected) {
      if (this.#hereNext) this.#hereEnds.push(this.#word);
    } else {
      this.#words.push(this.#word);
    }
    this.#redirected = false;
    this.#hereNext = false;
    this.#word = null;
  }

  #endCommand(): void {
    this.#endWord();
    if (this.#words.length > 0) this.#found.push({ line: this.#wordsLine, words: this.#words });
    this.#words = [];
    this.#wordsLine = 0;
  }

  #endLine(): void {
    this.#endCommand();
    this.#skip(1);
    for (const end of this.#hereEnds.splice(0)) {
      const body = new RegExp(`^[\\s\\S]*?^\\t*${end}$`, 'm').exec(this.#text.slice(this.#at))?.[0];
      if (body === undefined) throw new Error(`line ${this.#line}: a here-document that does not end`);
      this.#skip(body.length);
    }
  }
}
