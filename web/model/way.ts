/**
 * The way to a person, as the doctor names its steps, in their order; what else it looks at is the
 * network.
 * @module
 */
export const WAY: readonly string[] = ['found', 'answers', 'route', 'waiting'];
