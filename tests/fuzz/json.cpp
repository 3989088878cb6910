// SPDX-License-Identifier: MIT
// JSON: strings and whole numbers out of any bytes; UTF-8 that json_escape wrote is read again.
#include "rheo/io/json.hpp"

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rheo;
  using namespace rheo_fuzz;
  const std::string bytes(text(data, size));
  taken([&] {
    io::JsonCursor json(bytes, "a.json");
    const std::string s = json.string(1000);
    promise(s.size() <= 1000 && io::is_utf8(s), "a string is UTF-8 of at most so many bytes");
    json.end();
  });
  taken([&] {
    io::JsonCursor json(bytes, "a.json");
    json.expect('[');
    for (bool first = true; json.more(']', first); first = false) json.integer();
    json.end();
  });
  if (io::is_utf8(bytes)) {
    const std::string written = io::json_escape(bytes);
    io::JsonCursor json(written, "b.json");
    promise(json.string(size) == bytes, "what is escaped is read again");
    json.end();
  }
  return 0;
}
