/**
 * Imported before uPlot, which makes a format of numbers in the navigator's language as it is loaded: one that Intl
 * refuses, such as the `en-US@posix` of Chromium where a system sets none, would end that with a RangeError.
 */
import { usableLanguage } from '../text/language.js';

const usable = usableLanguage(navigator.language);
if (usable !== navigator.language) Object.defineProperty(navigator, 'language', { value: usable, configurable: true });
