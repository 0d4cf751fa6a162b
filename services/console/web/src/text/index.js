// The catalogue in use. Another language is one more file beside `en.js` and one line here.

import { en } from "./en.js";

export const text = en;
