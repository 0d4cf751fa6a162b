/* The rows of the journal as PostgreSQL's COPY takes them in binary, straight from a batch's columns: what `_rows` in postgres.py and the
   driver make of them, without a tuple and a call for each value.

   It writes all rows or none: at anything that has no plain form - a number that is too large, a text that is no UTF-8, a tag without a
   number - it returns None, and the Python way says what is wrong with it. Built by `make accelerate` alone;
   docs/explanations/decisions/0013-optional-compiled-step.md. */

#include "namespace/sparkplug/_fast/members.h"
#include <stdint.h>
#include <string.h>

static PyTypeObject *tag_type;
static Py_ssize_t at_database_id;
static uint32_t crc_of_byte[256];

typedef struct {
    char *bytes;
    size_t used, room;
} Written;

static int make_room(Written *to, size_t more)
{
    if (to->room - to->used >= more)
        return 1;
    size_t room = to->room * 2 + more;
    char *bytes = PyMem_Realloc(to->bytes, room);
    if (bytes == NULL)
        return 0;
    to->bytes = bytes;
    to->room = room;
    return 1;
}

/* A number in network order; there is room for it. */
static void number(Written *to, uint64_t value, int bytes)
{
    for (int place = bytes - 1; place >= 0; place--)
        to->bytes[to->used++] = (char)(value >> 8 * place);
}

static void field(Written *to, uint64_t value, int bytes)
{
    number(to, (uint64_t)bytes, 4);
    number(to, value, bytes);
}

static void null(Written *to) { number(to, UINT32_MAX, 4); }

static int text(Written *to, const char *bytes, Py_ssize_t length)
{
    if (length > INT32_MAX || !make_room(to, (size_t)length + 128))
        return 0;
    number(to, (uint64_t)length, 4);
    memcpy(to->bytes + to->used, bytes, (size_t)length);
    to->used += (size_t)length;
    return 1;
}

static uint32_t crc32_of(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    uint32_t crc = UINT32_MAX;
    while (length--)
        crc = crc >> 8 ^ crc_of_byte[(crc ^ *at++) & 255];
    return ~crc;
}

/* What a list holds in a row as a number of so many bits, if it is one. */
static int whole(PyObject *list, Py_ssize_t row, int bits, int64_t *found)
{
    PyObject *value = PyList_GET_ITEM(list, row);
    int overflow = 0;
    if (!PyLong_Check(value))
        return 0;
    *found = PyLong_AsLongLongAndOverflow(value, &overflow);
    return overflow == 0 && (bits == 64 || (*found >= -(INT64_C(1) << (bits - 1)) && *found < INT64_C(1) << (bits - 1)));
}

/* The columns whole, real, text and data, and what tells the value from another one; as `occurrence` in batch.py. */
static int cell(Written *to, PyObject *value, int64_t *occurrence)
{
    const int64_t mask = 0x7FFFFFFF;
    if (value == Py_None) {
        for (int column = 0; column < 4; column++)
            null(to);
        *occurrence = -1;
    } else if (PyFloat_CheckExact(value)) {
        double real = PyFloat_AS_DOUBLE(value);
        uint64_t bits;
        uint8_t little[8];
        memcpy(&bits, &real, sizeof bits);
        for (int place = 0; place < 8; place++)
            little[place] = (uint8_t)(bits >> 8 * place);
        null(to);
        field(to, bits, 8);
        null(to);
        null(to);
        *occurrence = crc32_of(little, 8) & mask;
    } else if (PyLong_CheckExact(value) || PyBool_Check(value)) {
        int overflow;
        long long found = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (overflow)
            return 0;
        field(to, (uint64_t)found, 8);
        null(to);
        null(to);
        null(to);
        *occurrence = found & mask;
    } else if (PyUnicode_CheckExact(value)) {
        Py_ssize_t length;
        const char *bytes = PyUnicode_AsUTF8AndSize(value, &length);
        null(to);
        null(to);
        if (bytes == NULL || !text(to, bytes, length))
            return 0;
        null(to);
        *occurrence = crc32_of(bytes, (size_t)length) & mask;
    } else if (PyBytes_CheckExact(value)) {
        const char *bytes = PyBytes_AS_STRING(value);
        Py_ssize_t length = PyBytes_GET_SIZE(value);
        null(to);
        null(to);
        null(to);
        if (!text(to, bytes, length))
            return 0;
        *occurrence = crc32_of(bytes, (size_t)length) & mask;
    } else
        return 0;
    return 1;
}

enum { ORDER, AT_MS, RECEIVED_MS, CELLS, TAGS, QUALITY, MARKS, COLUMNS };

static int row_of(Written *to, PyObject *const *columns, Py_ssize_t row, int64_t first)
{
    int64_t order, at_ms, received_ms, tag, occurrence, quality, marks, position;
    PyObject *owner = PyList_GET_ITEM(columns[TAGS], row);
    if (!make_room(to, 256) || Py_TYPE(owner) != tag_type || !whole(columns[ORDER], row, 64, &order) ||
        !whole(columns[AT_MS], row, 64, &at_ms) || !whole(columns[RECEIVED_MS], row, 64, &received_ms) ||
        !whole(columns[QUALITY], row, 16, &quality) || !whole(columns[MARKS], row, 16, &marks) ||
        __builtin_add_overflow(first, order, &position))
        return 0;
    PyObject *id = MEMBER(owner, at_database_id);
    if (id == NULL || !PyLong_CheckExact(id))
        return 0;
    tag = PyLong_AsLongLong(id);
    if (PyErr_Occurred() || tag < INT32_MIN || tag > INT32_MAX)
        return 0;
    number(to, 11, 2);
    field(to, (uint64_t)position, 8);
    field(to, (uint64_t)at_ms, 8);
    field(to, (uint64_t)received_ms, 8);
    if (!cell(to, PyList_GET_ITEM(columns[CELLS], row), &occurrence))
        return 0;
    field(to, (uint64_t)tag, 4);
    field(to, (uint64_t)occurrence, 4);
    field(to, (uint64_t)quality, 2);
    field(to, (uint64_t)marks, 2);
    return 1;
}

PyDoc_STRVAR(encode_doc, "encode(order, at_ms, received_ms, cells, tags, quality, marks, first)\n--\n\n"
"Return the rows of a batch as binary COPY takes them, their positions from `first` on; None where one of them has no plain form.");

static PyObject *encode(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    static const char head[19] = "PGCOPY\n\377\r\n\0";
    Written to = {NULL, 0, 0};
    PyObject *done = NULL;
    (void)module;
    if (count != COLUMNS + 1 || tag_type == NULL)
        goto misused;
    for (int column = 0; column < COLUMNS; column++)
        if (!PyList_CheckExact(args[column]) || PyList_GET_SIZE(args[column]) != PyList_GET_SIZE(args[ORDER]))
            goto misused;
    int64_t first = PyLong_AsLongLong(args[COLUMNS]);
    if (PyErr_Occurred())
        return NULL;
    Py_ssize_t rows = PyList_GET_SIZE(args[ORDER]), row = 0;
    if (!make_room(&to, sizeof head + 96 * (size_t)rows + 256))
        return PyErr_NoMemory();
    memcpy(to.bytes, head, sizeof head);
    to.used = sizeof head;
    while (row < rows && row_of(&to, args, row, first))
        row++;
    PyErr_Clear();
    if (row == rows && make_room(&to, 2)) {
        number(&to, UINT16_MAX, 2);
        done = PyBytes_FromStringAndSize(to.bytes, (Py_ssize_t)to.used);
    } else
        done = Py_NewRef(Py_None);
    PyMem_Free(to.bytes);
    return done;
misused:
    PyErr_SetString(PyExc_TypeError, "encode takes seven lists of one length and a number, after prepare");
    return NULL;
}

PyDoc_STRVAR(prepare_doc, "prepare(Tag)\n--\n\nLearn where the members of a Tag lie; once, before the first use.");

static PyObject *prepare(PyObject *module, PyObject *type)
{
    (void)module;
    if (!PyType_Check(type))
        return PyErr_Format(PyExc_TypeError, "prepare takes a class");
    if (!offset_of(type, "database_id", &at_database_id))
        return NULL;
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
        crc_of_byte[byte] = crc;
    }
    keep_type(&tag_type, type);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"prepare", prepare, METH_O, prepare_doc},
                                {"encode", (PyCFunction)(void (*)(void))encode, METH_FASTCALL, encode_doc},
                                {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "rows", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_rows(void) { return PyModule_Create(&definition); }
