# SPDX-License-Identifier: MIT
from conan import ConanFile
from conan.tools.cmake import CMake, CMakeToolchain
from conan.tools.files import copy
from pathlib import Path


class Rheo(ConanFile):
    name = "rheo"
    version = "0.2.0"
    license = "MIT"
    description = "Normalizing flows, strict and relaxed, over Eigen"
    package_type = "header-library"
    settings = "os", "compiler", "build_type", "arch"
    generators = "CMakeDeps"

    def requirements(self):
        self.requires("eigen/[>=3.4 <6]", transitive_headers=True)

    def export_sources(self):
        root = Path(self.recipe_folder).parent.parent
        for pattern in ("include/*", "CMakeLists.txt", ".cmake/*", "LICENSE"):
            copy(self, pattern, root, self.export_sources_folder)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables.update({"RHEO_BUILD_TESTS": "OFF", "RHEO_BUILD_EXAMPLES": "OFF"})
        toolchain.generate()

    def package(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.install()

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "rheo")
        self.cpp_info.set_property("cmake_target_name", "rheo::rheo")
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []

    def package_id(self):
        self.info.clear()
