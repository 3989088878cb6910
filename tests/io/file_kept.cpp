// SPDX-License-Identifier: MIT
// What a write keeps: links, permissions, and files that may not be written to.
#include <sys/stat.h>

#include <climits>

#include "catch.hpp"
#include "io/folder.hpp"
#include "rheo/io/file.hpp"

namespace io_file_kept {

using rheo_test::error_of, rheo_test::Folder;
namespace fs = std::filesystem;

TEST_CASE("links that lead nowhere yet, to links, out of the folder and in circles") {
  Folder folder;
  fs::create_directory(folder / "far");
  fs::create_symlink("far/new", folder / "dangling");
  fs::create_symlink("dangling", folder / "second");
  fs::create_symlink(folder / "far/absolute", folder / "absolute");
  rheo::io::check_writable(folder / "second");
  for (const char* link : {"dangling", "second", "absolute"}) {
    rheo::io::write_file(folder / link, link);
    CHECK(fs::is_symlink(folder / link));
    CHECK(rheo::io::read_file(folder / link) == link);
  }
  CHECK(rheo::io::read_file(folder / "far/new") == "second");
  CHECK(rheo::io::read_file(folder / "far/absolute") == "absolute");
  fs::create_symlink("b", folder / "a");
  fs::create_symlink("a", folder / "b");
  CHECK_THAT(error_of(folder / "a", "x"), Catch::Contains("a: Too many levels of symbolic links"));
  CHECK_THROWS_WITH(rheo::io::check_writable(folder / "a"), Catch::Contains("Too many levels"));
  fs::create_symlink("none/x", folder / "lost");
  CHECK_THROWS_WITH(rheo::io::check_writable(folder / "lost"),
                    Catch::Contains("lost: cannot be written: No such file"));
  CHECK(std::distance(fs::directory_iterator(folder / "far"), fs::directory_iterator()) == 2);
}

TEST_CASE("permissions are the replaced file's, a new file's those of the umask") {
  Folder folder;
  const std::string path = folder / "a";
  const auto mode = [&] {
    struct stat s = {};
    ::stat(path.c_str(), &s);
    return int(s.st_mode & 07777);
  };
  const mode_t old = ::umask(027);
  rheo::io::write_file(path, "1");
  CHECK(mode() == 0640);
  for (const int wanted : {0600, 0666, 0711, 0644}) {  // narrower and wider than the umask's
    ::chmod(path.c_str(), static_cast<mode_t>(wanted));
    rheo::io::check_writable(path);
    rheo::io::write_file(path, "2");
    CHECK(mode() == wanted);
  }
  ::umask(old);
  ::chmod(path.c_str(), 0444);
  if (::geteuid() == 0) return;  // who may write everything is refused nothing
  CHECK_THAT(error_of(path, "3"), Catch::Contains("a: cannot write: Permission denied"));
  CHECK_THROWS_WITH(rheo::io::check_writable(path), Catch::Contains("cannot write: Permission denied"));
  ::chmod(folder.path.c_str(), 0555);
  CHECK_THAT(error_of(folder / "new", "3"), Catch::Contains("cannot create"));
  ::chmod(folder.path.c_str(), 0755);
  CHECK(rheo::io::read_file(path) == "2");
}

TEST_CASE("the longest names a folder takes") {
  Folder folder;
  const std::string path = folder / std::string(NAME_MAX, 'n');
  for (const char* bytes : {"1", "2"}) {
    rheo::io::write_file(path, bytes);
    CHECK(rheo::io::read_file(path) == bytes);
  }
  rheo::io::check_writable(path);
  CHECK(folder.entries() == 1);
  CHECK_THAT(error_of(path + "n", "3"), Catch::Contains("File name too long"));
  CHECK(folder.entries() == 1);
}

}  // namespace io_file_kept
