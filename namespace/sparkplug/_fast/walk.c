/* The walk over one plain NDATA or DDATA, against what the birth settled: what HostSession does by protobuf objects, without them.

   It knows one thing: a message in which everything is as it nearly always is. Whatever is not - a name, null, properties, a table, an alias
   or a type the birth did not tell of, a field twice, bytes no writer would write, a text that is no UTF-8, a seq that is not next - makes it
   return None with nothing changed, and the Python way decides. So it has no errors of its own, and nothing to get wrong but plain data.

   Built by `make accelerate` alone; docs/explanations/decisions/0013-optional-compiled-step.md. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>
#include <structmember.h>

/* Where the members of a Slot lie, taken from the class itself by prepare(). */
static PyTypeObject *slot_type;
static Py_ssize_t at_is_quick, at_datatype, at_value, at_timestamp;

#define MEMBER(object, offset) (*(PyObject **)((char *)(object) + (offset)))

typedef struct {
    const uint8_t *at, *end;
} Bytes;

/* A varint as every writer writes it: at most ten bytes, none of them superfluous, no bit beyond the 64th. */
static int varint(Bytes *from, uint64_t *number)
{
    uint64_t found = 0;
    for (int shift = 0; shift < 70 && from->at < from->end; shift += 7) {
        uint8_t digit = *from->at++;
        if (shift == 63 && digit > 1)
            return 0;
        found |= (uint64_t)(digit & 127) << shift;
        if (digit < 128) {
            *number = found;
            return digit != 0 || shift == 0;
        }
    }
    return 0;
}

static int part(Bytes *from, Bytes *found)
{
    uint64_t length;
    if (!varint(from, &length) || length > (uint64_t)(from->end - from->at))
        return 0;
    found->at = from->at;
    found->end = from->at += length;
    return 1;
}

/* Wire tags: field number << 3 | wire type. */
enum { VARINT = 0, FIXED64 = 1, PART = 2, FIXED32 = 5 };
#define TAG(field, type) ((field) << 3 | (type))

enum {
    PAYLOAD_TIMESTAMP = TAG(1, VARINT),
    PAYLOAD_METRIC = TAG(2, PART),
    PAYLOAD_SEQ = TAG(3, VARINT),
    ALIAS = TAG(2, VARINT),
    TIMESTAMP = TAG(3, VARINT),
    DATATYPE = TAG(4, VARINT),
    IS_HISTORICAL = TAG(5, VARINT),
    IS_TRANSIENT = TAG(6, VARINT),
    IS_NULL = TAG(7, VARINT),
    INT_VALUE = TAG(10, VARINT),
    LONG_VALUE = TAG(11, VARINT),
    FLOAT_VALUE = TAG(12, FIXED32),
    DOUBLE_VALUE = TAG(13, FIXED64),
    BOOLEAN_VALUE = TAG(14, VARINT),
    STRING_VALUE = TAG(15, PART)
};

typedef struct {
    uint64_t timestamp, seq, metrics;
} Head;

/* Read what stands around the metrics, and count them. */
static int head_of(Bytes from, Head *head)
{
    unsigned seen = 0;
    memset(head, 0, sizeof *head);
    while (from.at < from.end) {
        uint8_t tag = *from.at++;
        Bytes metric;
        if (tag == PAYLOAD_METRIC) {
            if (!part(&from, &metric))
                return 0;
            head->metrics++;
            continue;
        }
        if ((tag != PAYLOAD_TIMESTAMP && tag != PAYLOAD_SEQ) || seen & 1u << (tag >> 3))
            return 0;
        seen |= 1u << (tag >> 3);
        if (!varint(&from, tag == PAYLOAD_SEQ ? &head->seq : &head->timestamp))
            return 0;
    }
    return (seen & 1u << 3) != 0;
}

typedef struct {
    uint64_t alias, timestamp, datatype, number;
    Bytes text;
    double real;
    uint8_t value; /* the tag of the value, 0 for none */
} Entry;

static int entry_of(Bytes from, Entry *entry)
{
    unsigned seen = 0;
    memset(entry, 0, sizeof *entry);
    while (from.at < from.end) {
        uint8_t tag = *from.at++;
        unsigned bit = tag < 128 ? 1u << (tag >> 3) : 0;
        uint64_t flag;
        if (bit == 0 || seen & bit)
            return 0;
        seen |= bit;
        if (tag >= INT_VALUE) {
            if (entry->value)
                return 0;
            entry->value = tag;
        }
        switch (tag) {
        case ALIAS:
            if (!varint(&from, &entry->alias))
                return 0;
            break;
        case TIMESTAMP:
            if (!varint(&from, &entry->timestamp))
                return 0;
            break;
        case DATATYPE:
            if (!varint(&from, &entry->datatype))
                return 0;
            break;
        case IS_HISTORICAL:
        case IS_TRANSIENT:
        case IS_NULL:
            if (!varint(&from, &flag) || flag != 0)
                return 0;
            break;
        case INT_VALUE:
            if (!varint(&from, &entry->number) || entry->number > UINT32_MAX)
                return 0;
            break;
        case LONG_VALUE:
            if (!varint(&from, &entry->number))
                return 0;
            break;
        case BOOLEAN_VALUE:
            if (!varint(&from, &entry->number) || entry->number > 1)
                return 0;
            break;
        case FLOAT_VALUE: {
            uint32_t bits = 0;
            float real;
            if (from.end - from.at < 4)
                return 0;
            for (int i = 3; i >= 0; i--)
                bits = bits << 8 | from.at[i];
            from.at += 4;
            memcpy(&real, &bits, sizeof real);
            entry->real = real;
            break;
        }
        case DOUBLE_VALUE: {
            uint64_t bits = 0;
            if (from.end - from.at < 8)
                return 0;
            for (int i = 7; i >= 0; i--)
                bits = bits << 8 | from.at[i];
            from.at += 8;
            memcpy(&entry->real, &bits, sizeof entry->real);
            break;
        }
        case STRING_VALUE:
            if (!part(&from, &entry->text))
                return 0;
            break;
        default:
            return 0;
        }
    }
    return entry->value != 0;
}

static PyObject *signed_of(uint64_t raw, int bits)
{
    uint64_t sign = UINT64_C(1) << (bits - 1);
    uint64_t cut = bits == 64 ? raw : raw & ((sign << 1) - 1);
    return PyLong_FromLongLong(cut & sign ? -(int64_t)(~cut & (sign - 1)) - 1 : (int64_t)cut);
}

static PyObject *unsigned_of(uint64_t raw, int bits)
{
    return raw >> bits ? NULL : PyLong_FromUnsignedLongLong(raw);
}

/* The value of an entry by the data type of its birth, as datatype.py's readers make it; NULL where it is for those to say. */
static PyObject *value_of(const Entry *entry, long datatype)
{
    static const uint8_t members[] = {
        0,          INT_VALUE,  INT_VALUE,   INT_VALUE,    LONG_VALUE,    INT_VALUE,    INT_VALUE,  INT_VALUE,
        LONG_VALUE, FLOAT_VALUE, DOUBLE_VALUE, BOOLEAN_VALUE, STRING_VALUE, LONG_VALUE, STRING_VALUE, STRING_VALUE};
    if (datatype < 1 || datatype > 15 || entry->value != members[datatype])
        return NULL;
    if (entry->datatype != 0 && entry->datatype != (uint64_t)datatype)
        return NULL;
    switch (datatype) {
    case 1:
        return signed_of(entry->number, 8);
    case 2:
        return signed_of(entry->number, 16);
    case 3:
        return signed_of(entry->number, 32);
    case 4:
        return signed_of(entry->number, 64);
    case 5:
        return unsigned_of(entry->number, 8);
    case 6:
        return unsigned_of(entry->number, 16);
    case 7:
    case 8:
    case 13:
        return PyLong_FromUnsignedLongLong(entry->number);
    case 9:
    case 10:
        return PyFloat_FromDouble(entry->real);
    case 11:
        return PyBool_FromLong((long)entry->number);
    default:
        return PyUnicode_DecodeUTF8((const char *)entry->text.at, entry->text.end - entry->text.at, NULL);
    }
}

/* The slot an alias means, if it may be read without ado: borrowed. */
static PyObject *slot_of(PyObject *by_alias, uint64_t alias, long *datatype)
{
    PyObject *key = PyLong_FromUnsignedLongLong(alias);
    if (key == NULL)
        return NULL;
    PyObject *slot = PyDict_GetItemWithError(by_alias, key);
    Py_DECREF(key);
    if (slot == NULL || Py_TYPE(slot) != slot_type || MEMBER(slot, at_is_quick) != Py_True)
        return NULL;
    PyObject *number = MEMBER(slot, at_datatype);
    if (number == NULL || !PyLong_Check(number))
        return NULL;
    *datatype = PyLong_AsLong(number);
    return slot;
}

static void put(PyObject *slot, Py_ssize_t offset, PyObject *new)
{
    PyObject *old = MEMBER(slot, offset);
    Py_INCREF(new);
    MEMBER(slot, offset) = new;
    Py_XDECREF(old);
}

/* Read all metrics into the columns; 0 where one of them is not plain. Nothing of the table is changed. */
static int rows_of(Bytes from, PyObject *by_alias, uint64_t sent_at, PyObject *slots, PyObject *values, PyObject *times)
{
    Py_ssize_t row = 0;
    PyObject *time = NULL; /* that of the row before: mostly the same, and then one object for all */
    uint64_t time_ms = 0;
    while (from.at < from.end) {
        uint8_t tag = *from.at++;
        Bytes metric;
        Entry entry;
        long datatype;
        if (tag != PAYLOAD_METRIC) {
            uint64_t known;
            if (!varint(&from, &known))
                return 0;
            continue;
        }
        if (!part(&from, &metric) || !entry_of(metric, &entry))
            return 0;
        PyObject *slot = slot_of(by_alias, entry.alias, &datatype);
        if (slot == NULL)
            return 0;
        PyObject *value = value_of(&entry, datatype);
        if (value == NULL)
            return 0;
        uint64_t at_ms = entry.timestamp ? entry.timestamp : sent_at;
        if (time != NULL && at_ms == time_ms)
            Py_INCREF(time);
        else if ((time = PyLong_FromUnsignedLongLong(at_ms)) == NULL) {
            Py_DECREF(value);
            return 0;
        }
        time_ms = at_ms;
        Py_INCREF(slot);
        PyList_SET_ITEM(slots, row, slot);
        PyList_SET_ITEM(values, row, value);
        PyList_SET_ITEM(times, row, time);
        row++;
    }
    return row == PyList_GET_SIZE(slots);
}

PyDoc_STRVAR(walk_doc, "walk(payload, by_alias, expected, born_at, now_ms, most)\n--\n\n"
"Take a plain data message in: its values become current, and (sent_at, slots, values, timestamps) is returned; None, and nothing is\n"
"changed, where the message is anything else. namespace/sparkplug/quick_walk.py says it in full.");

static PyObject *walk(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    if (count != 6 || slot_type == NULL) {
        PyErr_SetString(PyExc_TypeError, "walk takes six arguments, after prepare");
        return NULL;
    }
    PyObject *payload = args[0], *by_alias = args[1];
    if (!PyBytes_CheckExact(payload) || !PyDict_CheckExact(by_alias))
        Py_RETURN_NONE;
    uint64_t limits[4];
    for (int i = 0; i < 4; i++) {
        limits[i] = PyLong_AsUnsignedLongLong(args[2 + i]);
        if (limits[i] == (uint64_t)-1 && PyErr_Occurred())
            goto not_plain_early;
    }
    {
        uint64_t expected = limits[0], born_at = limits[1], now_ms = limits[2], most = limits[3];
        Bytes all = {(const uint8_t *)PyBytes_AS_STRING(payload), NULL};
        Head head;
        all.end = all.at + PyBytes_GET_SIZE(payload);
        if (!head_of(all, &head) || head.seq != expected || head.timestamp < born_at || head.metrics > most)
            Py_RETURN_NONE;
        Py_ssize_t rows = (Py_ssize_t)head.metrics;
        PyObject *slots = PyList_New(rows), *values = PyList_New(rows), *times = PyList_New(rows), *told = NULL;
        if (slots == NULL || values == NULL || times == NULL ||
            !rows_of(all, by_alias, head.timestamp ? head.timestamp : now_ms, slots, values, times))
            goto not_plain;
        told = Py_BuildValue("(KOOO)", (unsigned long long)head.timestamp, slots, values, times);
        if (told == NULL)
            goto not_plain;
        for (Py_ssize_t row = 0; row < rows; row++) {
            put(PyList_GET_ITEM(slots, row), at_value, PyList_GET_ITEM(values, row));
            put(PyList_GET_ITEM(slots, row), at_timestamp, PyList_GET_ITEM(times, row));
        }
    not_plain:
        Py_XDECREF(slots);
        Py_XDECREF(values);
        Py_XDECREF(times);
        if (told != NULL)
            return told;
    }
not_plain_early:
    if (PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_MemoryError))
            return NULL;
        PyErr_Clear(); /* no UTF-8, a number too large: the Python way says so in its own words */
    }
    Py_RETURN_NONE;
}

static int offset_of(PyObject *type, const char *name, Py_ssize_t *offset)
{
    PyObject *found = PyObject_GetAttrString(type, name);
    if (found == NULL)
        return 0;
    int is_slot = Py_TYPE(found) == &PyMemberDescr_Type && ((PyMemberDescrObject *)found)->d_member->type == T_OBJECT_EX;
    if (is_slot)
        *offset = ((PyMemberDescrObject *)found)->d_member->offset;
    else
        PyErr_Format(PyExc_TypeError, "%s is no __slots__ member", name);
    Py_DECREF(found);
    return is_slot;
}

PyDoc_STRVAR(prepare_doc, "prepare(slot_type)\n--\n\nLearn where the members of a Slot lie; once, before the first walk.");

static PyObject *prepare(PyObject *module, PyObject *type)
{
    (void)module;
    if (!PyType_Check(type))
        return PyErr_Format(PyExc_TypeError, "prepare takes a class");
    if (!offset_of(type, "is_quick", &at_is_quick) || !offset_of(type, "datatype", &at_datatype) ||
        !offset_of(type, "value", &at_value) || !offset_of(type, "timestamp", &at_timestamp))
        return NULL;
    Py_INCREF(type);
    Py_XSETREF(slot_type, (PyTypeObject *)type);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"prepare", prepare, METH_O, prepare_doc},
                                {"walk", (PyCFunction)(void (*)(void))walk, METH_FASTCALL, walk_doc},
                                {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "walk", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_walk(void) { return PyModule_Create(&definition); }
