/** Who may do what. Pure. */

/** In order of what they may do, but for `worker`, which stands aside. */
export const ROLES = ['worker', 'viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export type Right =
  /** Look at sweeps, results and workers. */
  | 'read'
  /** Submit, change and steer sweeps. */
  | 'steer'
  /** Fetch blobs, and ask whether they are there. */
  | 'getBlobs'
  | 'putBlobs'
  /** Open a worker's session. */
  | 'work'
  /** Make and revoke tokens, and delete blobs that nothing refers to. */
  | 'administer';

const RIGHTS: { readonly [role in Role]: readonly Right[] } = {
  worker: ['work', 'getBlobs', 'putBlobs'],
  viewer: ['read', 'getBlobs'],
  operator: ['read', 'steer', 'getBlobs', 'putBlobs'],
  admin: ['read', 'steer', 'getBlobs', 'putBlobs', 'work', 'administer'],
};

export function mayDo(role: Role, right: Right): boolean {
  return RIGHTS[role].includes(right);
}

export function rightsOf(role: Role): readonly Right[] {
  return RIGHTS[role];
}

/** The roles that have a right, the least first. */
export function rolesWith(right: Right): Role[] {
  return ROLES.filter((role) => mayDo(role, right));
}
