// Light or dark as the system is, until one is chosen by the button; that then holds for the next page too.

const COOKIE = "latent-explorer-theme" // the server paints the first map by it
const BY_SYSTEM = "system-"

export function followSystemTheme(page) {
  const system = window.matchMedia("(prefers-color-scheme: dark)")
  const kept = document.cookie.split("; ").find((entry) => entry.startsWith(`${COOKIE}=`))
  let chosen = kept !== undefined && !kept.includes(`=${BY_SYSTEM}`)
  let following = false
  const follow = () => {
    if (!chosen) {
      following = true
      page.dark_theme = system.matches
      following = false
      keep(`${BY_SYSTEM}${name(system.matches)}`)
    }
  }
  page.properties.dark_theme.change.connect(() => {
    if (!following) {
      chosen = true
      keep(name(page.dark_theme))
    }
  })
  system.addEventListener("change", follow)
  follow()
}

const name = (dark) => (dark ? "dark" : "light")

function keep(value) {
  const year = 365 * 24 * 3600
  document.cookie = `${COOKIE}=${value}; path=${location.pathname}; max-age=${year}; samesite=lax`
}
