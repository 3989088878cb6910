// SPDX-License-Identifier: MIT
// A program without exceptions and type information: all rooms below the model, whose headers the build lists in bare_headers.hpp.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "bare_headers.hpp"

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "compile this with -fno-exceptions -fno-rtti"
#endif

using namespace rheo;
using Path = Flow<Repeat<2, AffineCoupling<2, Mlp<4>>>, Inverse<Reverse<2>>, StandardNormal<2>>;

int main() {
  const Path flow;
  Vector<double> theta(Path::param_count), buffers(Path::buffer_count);
  flow.init(Params<double>(theta.data(), theta.size()), Params<double>(buffers.data(), buffers.size()), Noise{1});
  const Batch<double> x = Batch<double>::Zero(3, 2);
  Batch<double> z(3, 0);
  Column<double> v = Column<double>::Zero(3);
  CacheOf<Path, double> cache;
  Arena scratch;
  flow.encode(Pass<double, CacheOf<Path, double>>{view(x), view(z), ColView<double>(v.data(), 3), {theta.data(), theta.size()}, {buffers.data(), buffers.size()},
                                                  view_of(x.data(), 3, 0, 3), Noise{}, cache, scratch, false});
  if (!((v + 2 * half_log_two_pi).abs() < 1e-12).all()) return 1;

  fail_handler = [](const char* message) {
    std::puts(message);
    std::exit(0);
  };
  detail::fail("the handler heard this");
}
