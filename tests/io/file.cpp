// SPDX-License-Identifier: MIT
// Bounded reads and atomic writes, on full disks too.
#include "rheo/io/file.hpp"

#include <sys/resource.h>

#include <csignal>
#include <cstdio>

#include "catch.hpp"
#include "io/folder.hpp"

namespace io_file {

using rheo_test::error_of, rheo_test::Folder;

namespace {

namespace fs = std::filesystem;

/// Files of this process may not pass `bytes`: write(2) then fails half way, as on a full disk.
struct SizeLimit {
  rlimit old = {};
  explicit SizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit now = old;
    now.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~SizeLimit() { ::setrlimit(RLIMIT_FSIZE, &old); }
};

}  // namespace

TEST_CASE("what is written is read, and replaces what was there") {
  Folder folder;
  const std::string path = folder / "a", bytes("zero \0 and \xff\r\n", 14);
  rheo::io::write_file(path, "old and longer than the new");
  rheo::io::write_file(path, bytes);
  CHECK(rheo::io::read_file(path) == bytes);
  CHECK(folder.entries() == 1);
  rheo::io::write_file(path, "");
  CHECK(rheo::io::read_file(path).empty());
}

TEST_CASE("a read is bounded, for files and devices without an end") {
  Folder folder;
  const std::string path = folder / "a";
  rheo::io::write_file(path, "12345");
  CHECK(rheo::io::read_file(path, 5) == "12345");
  CHECK_THROWS_AS(rheo::io::read_file(path, 4), rheo::FileError);
  CHECK_THROWS_AS(rheo::io::read_file("/dev/zero", 200000), rheo::FileError);
  CHECK(rheo::io::read_file("/dev/null", 0).empty());
  CHECK_FALSE(rheo::io::read_file("/proc/self/status").empty());  // a regular file that says it has 0 bytes
  CHECK_THROWS_WITH(rheo::io::read_file(folder / "none"), Catch::Contains("none: cannot open: No such file"));
  CHECK_THROWS_WITH(rheo::io::read_file(folder.path.string()), Catch::Contains("is a folder"));
}

TEST_CASE("a full disk is reported, the old file is whole and the temporary gone") {
  Folder folder;
  const std::string path = folder / "a", big(100000, 'x');
  rheo::io::write_file(path, "old");
  std::string error;
  {
    SizeLimit limit(4096);
    error = error_of(path, big);
  }
  CHECK_THAT(error, Catch::Contains("a: cannot write: File too large"));
  CHECK(rheo::io::read_file(path) == "old");
  CHECK(folder.entries() == 1);
  CHECK(error_of(path, big) == "no error");
  CHECK(rheo::io::read_file(path) == big);
}

TEST_CASE("the always-full device fails, for one byte and for many") {
  CHECK_THAT(error_of("/dev/full", "x"), Catch::Contains("/dev/full: cannot write: No space left on device"));
  CHECK_THAT(error_of("/dev/full", std::string(1 << 20, 'x')), Catch::Contains("No space left on device"));
  CHECK(fs::is_character_file("/dev/full"));
  CHECK(rheo::platform::detail::write_and_close(::open("/dev/full", O_WRONLY), "x") ==
        "cannot write: No space left on device");
  CHECK(error_of("/dev/null", "x") == "no error");
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("a missing folder, a folder in the way, links and stale temporaries") {
  Folder folder;
  CHECK_THAT(error_of(folder / "no/such", "x"), Catch::Contains("No such file or directory"));
  fs::create_directory(folder / "sub");
  CHECK_THAT(error_of(folder / "sub", "x"), Catch::Contains("sub: cannot open: Is a directory"));
  rheo::io::write_file(folder / "real", "1");
  fs::create_symlink("real", folder / "link");
  rheo::io::write_file(folder / "link", "2");
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(rheo::io::read_file(folder / "real") == "2");
  CHECK(error_of("", "x") == "rheo: the path of a file is empty");
  CHECK_THROWS_WITH(rheo::io::read_file(""), Catch::Contains("the path of a file is empty"));
  CHECK_THROWS_WITH(rheo::io::check_writable(""), Catch::Contains("the path of a file is empty"));
  const std::string stale = (folder / "real") + ".tmp." + std::to_string(::getpid());
  rheo::io::write_file(stale, "left by another");
  rheo::io::write_file(folder / "real", "3");
  CHECK(rheo::io::read_file(folder / "real") == "3");
  CHECK(rheo::io::read_file(stale) == "left by another");
}

}  // namespace io_file
