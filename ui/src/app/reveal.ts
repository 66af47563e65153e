import { useEffect } from "react";

const ONE_COLUMN = window.matchMedia("(max-width: 1000px)");

/** Where the panel stands below the picture, goes to it when something is opened in it. */
export function useReveal(opened: string | null): void {
  useEffect(() => {
    if (opened === null || !ONE_COLUMN.matches) return;
    document.querySelector(".panel")?.scrollIntoView({ block: "start" });
  }, [opened]);
}
