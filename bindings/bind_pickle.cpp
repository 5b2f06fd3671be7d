// PickleReader: pickles of official files as plain objects, one architecture after another.
#include <pybind11/pybind11.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <nb201store/mapped_file.hpp>
#include <nb201store/pickle_reader.hpp>
#include <string>
#include <utility>

#include "binders.hpp"
#include "pickle_objects.hpp"

namespace py = pybind11;
namespace pickle = nb201store::pickle;

namespace {

/// Reads the file at `path`, without Python.
pickle::pull_function from_path(const std::string& path) {
    const auto file = std::make_shared<nb201store::detail::file_handle>(path);
    return [file](std::uint8_t* to, std::size_t size) {
        while (true) {
            const ssize_t came = ::read(file->descriptor(), to, size);
            if (came >= 0) return static_cast<std::size_t>(came);
            if (errno != EINTR) nb201store::detail::refuse_io(file->path(), "read", errno);
        }
    };
}

/// Calls the `read` of a Python file. Runs without the GIL until it calls.
pickle::pull_function from_file(const py::object& file) {
    const py::object read = file.attr("read");
    return [read](std::uint8_t* to, std::size_t size) {
        const py::gil_scoped_acquire acquire;
        const py::object came = read(size);
        char* data = nullptr;
        Py_ssize_t length = 0;
        if (PyBytes_AsStringAndSize(came.ptr(), &data, &length) != 0) throw py::error_already_set();
        if (static_cast<std::size_t>(length) > size)
            throw py::value_error("read(n) of a source returned more than n bytes");
        std::memcpy(to, data, static_cast<std::size_t>(length));
        return static_cast<std::size_t>(length);
    };
}

pickle::pull_function from_source(const py::object& source) {
    if (py::hasattr(source, "read")) return from_file(source);
    PyObject* bytes = nullptr;
    if (PyUnicode_FSConverter(source.ptr(), static_cast<void*>(&bytes)) == 0)
        throw py::error_already_set();
    return from_path(py::reinterpret_steal<py::bytes>(bytes));
}

class pickle_reader {
  public:
    pickle_reader(const py::object& source, std::string what, py::object packed, py::object weights,
                  const py::object& parts)
        : reader_(from_source(source), std::move(what)),
          objects_(std::move(packed), std::move(weights), parts) {
        if (!parts.is_none()) reader_.keep_weights();
    }

    void open(const py::object& source, std::string what) {
        const in_use use(*this);
        reader_.open(from_source(source), std::move(what));
        streaming_ = false;
    }

    py::object read() {
        const in_use use(*this);
        streaming_ = false;
        pickle::item whole;
        unlocked([&] {
            reader_.begin(false);
            reader_.next(whole);
        });
        py::object made = objects_.object(reader_.state(), whole.object);
        unlocked([&] { reader_.next(whole); });
        return made;
    }

    void begin() {
        const in_use use(*this);
        unlocked([&] { reader_.begin(true); });
        streaming_ = true;
    }

    py::tuple next() {
        const in_use use(*this);
        pickle::item found;
        if (streaming_) unlocked([&] { streaming_ = reader_.next(found); });
        if (!streaming_) throw py::stop_iteration();
        py::tuple path = py::tuple(found.where == pickle::item::place::cell    ? 2
                                   : found.where == pickle::item::place::entry ? 1
                                                                               : 0);
        if (path.size() == 2) path[0] = py::str("arch2infos");
        if (!path.empty()) path[path.size() - 1] = objects_.object(reader_.state(), found.key);
        return py::make_tuple(path, objects_.object(reader_.state(), found.object));
    }

    bool at_end() {
        const in_use use(*this);
        bool ended = false;
        unlocked([&] { ended = reader_.at_end(); });
        return ended;
    }

    py::object container() const {
        switch (reader_.container()) {
            case pickle::kind::dict:
                return py::str("dict");
            case pickle::kind::ordered_dict:
                return py::str("OrderedDict");
            default:
                return py::none();
        }
    }

    py::dict storages() const {
        const pickle::machine_state& state = reader_.state();
        py::dict sizes;
        for (const auto& [key, size] : state.storages)
            sizes[py::str(std::string(state.texts[key]))] =
                py::make_tuple(py::str(std::string(pickle::k_storages[size.type])), size.count);
        return sizes;
    }

    std::size_t texts() const { return reader_.state().texts.size(); }
    std::uint64_t offset() const { return reader_.offset(); }
    std::uint64_t cells() const { return reader_.cells(); }
    std::size_t memo_bytes() const { return reader_.state().memo.bytes(); }

  private:
    /// Refuses a call in the middle of another: of a second thread, or from the source's `read`.
    class in_use {
      public:
        explicit in_use(pickle_reader& reader) : reader_(reader) {
            if (reader_.busy_)
                throw nb201store::error(nb201store::errc::settings,
                                        "a PickleReader reads for one caller at a time");
            reader_.busy_ = true;
        }
        ~in_use() { reader_.busy_ = false; }
        in_use(const in_use&) = delete;
        in_use& operator=(const in_use&) = delete;

      private:
        pickle_reader& reader_;
    };

    template <class Work>
    static void unlocked(const Work& work) {
        const py::gil_scoped_release release;
        work();
    }

    pickle::reader reader_;
    pickle_objects objects_;
    bool streaming_ = false;
    bool busy_ = false;
};

}  // namespace

void bind_pickle(py::module_& m) {
    py::class_<pickle_reader>(m, "PickleReader",
                              "Reads pickles that official files are made of; runs nothing.")
        .def(py::init<const py::object&, std::string, py::object, py::object, const py::object&>(),
             py::arg("source"), py::arg("what"), py::kw_only(), py::arg("packed"),
             py::arg("weights"), py::arg("parts") = py::none())
        .def("open", &pickle_reader::open, py::arg("source"), py::arg("what"),
             "Go on with another source; equal orders of keys stay the same tuples.")
        .def("read", &pickle_reader::read, "Return the object of the next pickle.")
        .def(
            "items",
            [](py::object self) {
                self.cast<pickle_reader&>().begin();
                return self;
            },
            "Start the next pickle; iterate over (path, object) of its parts.")
        .def("__iter__", [](py::object self) { return self; })
        .def("__next__", &pickle_reader::next)
        .def("at_end", &pickle_reader::at_end, "Whether nothing is left of the source.")
        .def_property_readonly("container", &pickle_reader::container,
                               "Container of the outermost dict, None if there is none.")
        .def("storages", &pickle_reader::storages,
             "(type, elements) of the storages that the present pickle names, by key.")
        .def_property_readonly("texts", &pickle_reader::texts, "Different texts that it holds.")
        .def_property_readonly("offset", &pickle_reader::offset, "Bytes read of the source.")
        .def_property_readonly("cells", &pickle_reader::cells,
                               "Architectures handed out of the present pickle.")
        .def_property_readonly("memo_bytes", &pickle_reader::memo_bytes,
                               "Memory that the memo holds.");
}
