# SPDX-License-Identifier: MIT
# cmake -DFOLDER=... -P page.cmake: the sections that the programs left there, as index.html.
cmake_minimum_required(VERSION 3.25...4.0)
file(GLOB sections ${FOLDER}/*_*.html)
set(page
  "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>rheo</title>
<style>
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem }
img { width: 100%; height: auto; background: white }
pre { overflow-x: auto; padding: .5rem; border: 1px solid }
</style></head><body>
<h1>rheo</h1>
<p>Normalizing flows, strict and relaxed: densities that can be trained, evaluated and drawn from. Made by the commands
  below the pictures, on this machine.</p>\n")
foreach(section IN LISTS sections)
  file(READ ${section} text)
  string(APPEND page "${text}")
endforeach()
string(APPEND page "</body></html>\n")
file(WRITE ${FOLDER}/index.html "${page}")
message("${FOLDER}/index.html")
