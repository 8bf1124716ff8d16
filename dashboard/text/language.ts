/** Languages as browsers name them. Pure. */

/** The language where Intl takes it (a tag of BCP 47); else what stands before its modifier, and at last `en-US`. */
export function usableLanguage(language: string): string {
  return [language, language.replace(/[@.].*$/s, '')].find(isTag) ?? 'en-US';
}

function isTag(language: string): boolean {
  try {
    return Intl.getCanonicalLocales(language).length > 0;
  } catch {
    return false;
  }
}
