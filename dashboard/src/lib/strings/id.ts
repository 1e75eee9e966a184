/** The texts in Indonesian. */
import { en } from './en';
import type { Text } from './strings';
export const id: Text = en;
