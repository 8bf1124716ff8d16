import { useEffect } from 'preact/hooks';

/** In the browser's tab and history. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title.length > 80 ? `${title.slice(0, 79)}…` : title} · trawl`;
  }, [title]);
}
