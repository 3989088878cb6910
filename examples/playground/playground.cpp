// SPDX-License-Identifier: MIT
// The playground's session as functions of C, which worker.js calls: one session at a time.  What fails returns 0 or
// null and leaves the reason in pg_error.  Arrays stay until the next call.
#include <rheo/io/file.hpp>
#include <rheo/io/plot.hpp>

#include "session.hpp"

namespace {
using namespace playground;

std::unique_ptr<Session> session;
std::string error, text;
std::vector<float> numbers;

Session& current() {
  if (!session) rheo::detail::fail("nothing is being learned");
  return *session;
}

/// body()'s result, or a zero of its type with the reason kept.
template <class Body> auto guarded(Body body) -> decltype(body()) {
  error.clear();
  try {
    return body();
  } catch (const std::exception& e) {
    error = e.what();
    if (error.rfind("rheo: ", 0) == 0) error.erase(0, 6);
    return {};
  }
}

void put(const Batch<double>& x) {
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index j = 0; j < x.cols(); ++j) numbers.push_back(static_cast<float>(x(i, j)));
  }
}

void add(const char* key, const std::string& value, bool last = false) {
  text += std::string("\"") + key + "\": " + value + (last ? "}" : ", ");
}
std::string number(double x) {
  char room[32];
  std::snprintf(room, sizeof room, "%.9g", x);
  return std::isfinite(x) ? room : "null";
}
std::string quoted(const std::string& s) { return io::json_escape(s); }
std::string flag(bool yes) { return yes ? "true" : "false"; }

}  // namespace

#define PLAYGROUND_CALL extern "C" __attribute__((used, visibility("default")))

PLAYGROUND_CALL const char* pg_error() { return error.c_str(); }

/// {"flows": [...], "targets": [...], "version": "..."}
PLAYGROUND_CALL const char* pg_catalogue() {
  text = "{\"flows\": [";
  for (const FlowText& f : flow_texts) {
    text += &f == flow_texts ? "{" : ", {";
    add("name", quoted(f.name));
    add("title", quoted(f.title));
    add("words", quoted(f.words));
    add("rate", number(f.rate));
    add("bound", flag(f.bound));
    add("energy", flag(f.energy));
    add("nats", flag(f.nats));
    add("noMap", f.no_map ? quoted(f.no_map) : "null", true);
  }
  text += "], \"targets\": [";
  for (const TargetText& t : target_texts) {
    text += &t == target_texts ? "{" : ", {";
    add("name", quoted(t.name));
    add("title", quoted(t.title), true);
  }
  text += "], ";
  add("version",
      quoted(std::to_string(RHEO_VERSION_MAJOR) + "." + std::to_string(RHEO_VERSION_MINOR) + "." +
             std::to_string(RHEO_VERSION_PATCH)),
      true);
  return text.c_str();
}

/// 256 colours of io::colour_map, three numbers from 0 to 255 each.
PLAYGROUND_CALL const float* pg_colours() {
  numbers.clear();
  for (int k = 0; k < 256; ++k) {
    const io::Rgb c = io::colour_map(k / 255.0);
    for (const auto channel : {c.r, c.g, c.b}) numbers.push_back(static_cast<float>(channel));
  }
  return numbers.data();
}

/// A session of a target or, where the target's name is empty, of points; what is known of it as JSON.
PLAYGROUND_CALL const char* pg_make(const char* flow, const char* target, const char* points, unsigned seed) {
  session.reset();
  return guarded([&]() -> const char* {
    session = *target ? std::make_unique<Session>(flow, target, seed)
                      : std::make_unique<Session>(Session::of_points(flow, points, seed));
    const auto& b = session->box();
    text = "{";
    add("entropy", number(session->entropy()));
    add("compact", flag(session->compact()));
    add("folded", flag(session->folded()));
    add("parameters", std::to_string(session->parameters()));
    add("box",
        "[" + number(b.x1_min) + ", " + number(b.x1_max) + ", " + number(b.x2_min) + ", " + number(b.x2_max) + "]");
    add("load", quoted(session->load_text()), true);
    return text.c_str();
  });
}

/// Steps made, steps refused, mean loss, steps since the beginning.
PLAYGROUND_CALL const float* pg_train(double milliseconds, double rate) {
  return guarded([&]() -> const float* {
    const Progress p = current().train(milliseconds, rate);
    numbers = {static_cast<float>(p.steps), static_cast<float>(p.refused), static_cast<float>(p.loss),
               static_cast<float>(current().steps())};
    return numbers.data();
  });
}

PLAYGROUND_CALL int pg_show() {
  return guarded([&] { return current().show(), 1; });
}

/// The density at `count` rows of side cells.
PLAYGROUND_CALL const float* pg_density(int side, int first, int count) {
  return guarded([&]() -> const float* {
    numbers.clear();
    put(current().density(side, first, count));
    return numbers.data();
  });
}

/// The level at which a heat map of these numbers is brightest.
PLAYGROUND_CALL double pg_top(const float* density, int side) {
  return guarded([&] {
    return io::robust_top(Batch<double>(Eigen::Map<const Batch<float>>(density, side, side).cast<double>()));
  });
}

/// The leak of n samples, then the samples.
PLAYGROUND_CALL const float* pg_sample(int n) {
  return guarded([&]() -> const float* {
    const Batch<double> x = current().sample(n);
    numbers = {static_cast<float>(current().leak(x))};
    put(x);
    return numbers.data();
  });
}

/// How many of at most n points of the data, then the points.
PLAYGROUND_CALL const float* pg_data(int n) {
  return guarded([&]() -> const float* {
    const Batch<double> x = current().data(n);
    numbers = {static_cast<float>(x.rows())};
    put(x);
    return numbers.data();
  });
}

/// The image of a latent grid, 2 x lines x points points, upright lines first; null where the flow has none.
PLAYGROUND_CALL const float* pg_grid(int lines, int points, double reach) {
  return guarded([&]() -> const float* {
    const Batch<double> x = current().grid_image(lines, points, reach);
    numbers.clear();
    put(x);
    return x.cols() == 0 ? nullptr : numbers.data();
  });
}

/// Loss, gap and error over so many fresh points.
PLAYGROUND_CALL const float* pg_gap(int n) {
  return guarded([&]() -> const float* {
    const Gap g = current().gap(n);
    numbers = {static_cast<float>(g.loss), static_cast<float>(g.gap), static_cast<float>(g.error)};
    return numbers.data();
  });
}
PLAYGROUND_CALL int pg_gap_rows() {
  return guarded([&] { return static_cast<int>(current().gap_rows()); });
}

/// log-densities of n points, as any program has them under Noise{7}.
PLAYGROUND_CALL const float* pg_score(const float* points, int n) {
  return guarded([&]() -> const float* {
    Batch<float> x(n, 2);
    for (Index i = 0; i < n; ++i) x(i, 0) = points[2 * i], x(i, 1) = points[2 * i + 1];
    const Column<double> v = current().score(x);
    numbers.clear();
    put(v);
    return numbers.data();
  });
}

/// The shown model as a safetensors file: its bytes, and their number in pg_file_size.
PLAYGROUND_CALL const char* pg_file() {
  return guarded([&]() -> const char* {
    current().save("/model.safetensors");
    text = io::read_file("/model.safetensors");
    return text.data();
  });
}
PLAYGROUND_CALL int pg_file_size() { return static_cast<int>(text.size()); }
