/** Until there is more than one: the namespace of everything that is submitted, and the person who does it. */
export const DEFAULT_PROJECT = 'default';
export const LOCAL_ACTOR = 'local';
