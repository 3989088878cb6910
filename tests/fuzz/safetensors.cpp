// SPDX-License-Identifier: MIT
// safetensors: what parse_safetensors takes, format_safetensors writes so that it is read again, and read_safetensors
// takes from a file.
#include "rheo/io/safetensors.hpp"

#include "fuzz.hpp"

namespace {
bool same(const rheo::io::TensorFile& a, const rheo::io::TensorFile& b) {
  if (a.metadata != b.metadata || a.tensors.size() != b.tensors.size()) return false;
  for (const auto& t : a.tensors) {
    bool found = false;
    for (const auto& u : b.tensors) {
      found |= u.name == t.name && u.shape == t.shape && u.integers == t.integers && u.values == t.values;
    }
    if (!found) return false;
  }
  return true;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rheo;
  using namespace rheo_fuzz;
  const std::string_view bytes = text(data, size);
  io::TensorFile file, there;
  const bool whole = taken([&] { file = io::parse_safetensors(bytes, "a.safetensors"); });
  const bool from_file = taken([&] { there = io::read_safetensors(file_of(bytes)); });
  promise(whole == from_file, "bytes and a file of them are taken alike");
  if (!whole) return 0;
  promise(same(file, there), "bytes and a file of them are read alike");
  io::TensorFile again;
  if (taken([&] { again = io::parse_safetensors(io::format_safetensors(file), "b.safetensors"); }))
    promise(same(file, again), "what is written is read again");
  return 0;
}

// A mutation that keeps the form: eight bytes that say how long the header is, and the header, padded by blanks.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  std::uint64_t length = 0;
  for (std::size_t k = 0; k < 8 && k < size; ++k) length |= std::uint64_t(data[k]) << (8 * k);
  if (seed % 4 == 0 || size < 9 || length > size - 8) return LLVMFuzzerMutate(data, size, max_size);
  const std::size_t header = static_cast<std::size_t>(length);
  std::string values(reinterpret_cast<char*>(data) + 8 + header, size - 8 - header);
  std::string head(reinterpret_cast<char*>(data) + 8, header);
  std::string& part = seed % 4 == 1 ? values : head;
  const std::size_t other = 8 + (seed % 4 == 1 ? head.size() : values.size());
  if (other >= max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::string room = part;
  room.resize(max_size - other);
  room.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(room.data()), part.size(), max_size - other));
  part = room;
  for (std::size_t k = 0; k < 8; ++k) data[k] = static_cast<std::uint8_t>(head.size() >> (8 * k));
  std::copy(head.begin(), head.end(), reinterpret_cast<char*>(data) + 8);
  std::copy(values.begin(), values.end(), reinterpret_cast<char*>(data) + 8 + head.size());
  return 8 + head.size() + values.size();
}
