/* Plain NDATA and DDATA taken in from their bytes, against what the birth settled: what HostSession does by protobuf objects, without them.

   It knows one thing: a message whose turn it is, of an edge node that is online, in which everything is as it nearly always is. At whatever
   else - a name, null, properties, a table, an alias or a type the birth did not tell of, a field twice, bytes no writer would write, a text
   that is no UTF-8, a seq that is not next - it stops before it, with nothing changed, and the Python way decides. So it has no errors of its
   own, and nothing to get wrong but plain data.

   Built by `make accelerate` alone; docs/explanations/decisions/0013-optional-compiled-step.md. */

#include "namespace/sparkplug/_fast/members.h"
#include <stdint.h>
#include <string.h>

/* The classes on the way, where their members lie, and what is made of them; all told by prepare(). */
static PyTypeObject *slot_type, *route_type, *topic_type, *node_type, *device_type, *table_type, *window_type, *data_type, *columns_type;
static PyObject *online, *topic_name, *payload_name, *accept_name;
static struct {
    Py_ssize_t quick, datatype, value, timestamp;
} at_slot;
static struct {
    Py_ssize_t node, topic, is_data;
} at_route;
static struct {
    Py_ssize_t edge_node, state, born_at, sent_at, table, devices, window;
} at_node;
static struct {
    Py_ssize_t table, alive;
} at_device;
static struct {
    Py_ssize_t expected, held;
} at_window;
static struct {
    Py_ssize_t edge_node, device_id, timestamp, columns, metrics;
} at_data;
static struct {
    Py_ssize_t slots, values, timestamps, unusual;
} at_columns;
static Py_ssize_t at_device_id, at_by_alias;

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

static int is_quick(PyObject *slot)
{
    PyObject *quick = MEMBER(slot, at_slot.quick);
    return quick != NULL && quick != Py_None;
}

/* The slot an alias means, if it may be read without ado: borrowed. */
static PyObject *slot_of(PyObject *by_alias, uint64_t alias, long *datatype)
{
    PyObject *key = PyLong_FromUnsignedLongLong(alias);
    if (key == NULL)
        return NULL;
    PyObject *slot = PyDict_GetItemWithError(by_alias, key);
    Py_DECREF(key);
    if (slot == NULL || Py_TYPE(slot) != slot_type || !is_quick(slot))
        return NULL;
    PyObject *number = MEMBER(slot, at_slot.datatype);
    if (number == NULL || !PyLong_Check(number))
        return NULL;
    *datatype = PyLong_AsLong(number);
    return slot;
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

typedef struct {
    PyObject *slots, *values, *times;
    uint64_t sent_at;
} Told;

static void forget(Told *told)
{
    Py_CLEAR(told->slots);
    Py_CLEAR(told->values);
    Py_CLEAR(told->times);
}

/* Read a payload into columns; 0 where it is not plain, or not the one that is next. Nothing of the table is changed. */
static int read_payload(PyObject *payload, PyObject *by_alias, uint64_t expected, uint64_t born_at, uint64_t now_ms, uint64_t most, Told *told)
{
    Bytes all = {(const uint8_t *)PyBytes_AS_STRING(payload), NULL};
    Head head;
    all.end = all.at + PyBytes_GET_SIZE(payload);
    if (!head_of(all, &head) || head.seq != expected || head.timestamp < born_at || head.metrics > most)
        return 0;
    Py_ssize_t rows = (Py_ssize_t)head.metrics;
    told->slots = PyList_New(rows);
    told->values = PyList_New(rows);
    told->times = PyList_New(rows);
    told->sent_at = head.timestamp;
    return told->slots != NULL && told->values != NULL && told->times != NULL &&
           rows_of(all, by_alias, head.timestamp ? head.timestamp : now_ms, told->slots, told->values, told->times);
}

/* A member that is a number of milliseconds, or a seq. */
static int number_of(PyObject *number, uint64_t *found)
{
    if (number == NULL || !PyLong_CheckExact(number))
        return 0;
    *found = PyLong_AsUnsignedLongLong(number);
    return !(*found == (uint64_t)-1 && PyErr_Occurred());
}

static int is_a(PyObject *object, PyTypeObject *type) { return object != NULL && Py_TYPE(object) == type; }

/* The metrics by alias of whom a route names, if that is alive: borrowed. As living_table() in host_message.py. */
static PyObject *living_table(PyObject *node, PyObject *device_id)
{
    PyObject *table = MEMBER(node, at_node.table);
    if (device_id != Py_None) {
        PyObject *devices = MEMBER(node, at_node.devices);
        if (device_id == NULL || devices == NULL || !PyDict_CheckExact(devices))
            return NULL;
        PyObject *device = PyDict_GetItemWithError(devices, device_id);
        if (!is_a(device, device_type) || MEMBER(device, at_device.alive) != Py_True)
            return NULL;
        table = MEMBER(device, at_device.table);
    }
    if (!is_a(table, table_type))
        return NULL;
    PyObject *by_alias = MEMBER(table, at_by_alias);
    return by_alias != NULL && PyDict_CheckExact(by_alias) ? by_alias : NULL;
}

/* A Data event that holds the columns. */
static PyObject *event_of(PyObject *node, PyObject *device_id, const Told *told, PyObject *timestamp)
{
    PyObject *columns = columns_type->tp_alloc(columns_type, 0);
    PyObject *event = columns == NULL ? NULL : data_type->tp_alloc(data_type, 0);
    if (event != NULL) {
        put(columns, at_columns.slots, told->slots);
        put(columns, at_columns.values, told->values);
        put(columns, at_columns.timestamps, told->times);
        put(columns, at_columns.unusual, Py_None);
        put(event, at_data.edge_node, MEMBER(node, at_node.edge_node));
        put(event, at_data.device_id, device_id);
        put(event, at_data.timestamp, timestamp);
        put(event, at_data.columns, columns);
        put(event, at_data.metrics, Py_None);
    }
    Py_XDECREF(columns);
    return event;
}

/* Make what a payload told current, and tell of it; -1, with an exception, where memory is short. */
static int tell(PyObject *node, PyObject *device_id, const Told *told, PyObject *now_ms, PyObject *events)
{
    uint64_t before;
    int done = -1;
    PyObject *accepted = NULL, *sent_at = PyLong_FromUnsignedLongLong(told->sent_at);
    PyObject *event = sent_at == NULL ? NULL : event_of(node, device_id, told, told->sent_at ? sent_at : now_ms);
    if (event == NULL || PyList_Append(events, event))
        goto out;
    for (Py_ssize_t row = 0; row < PyList_GET_SIZE(told->slots); row++) {
        PyObject *slot = PyList_GET_ITEM(told->slots, row);
        put(slot, at_slot.value, PyList_GET_ITEM(told->values, row));
        put(slot, at_slot.timestamp, PyList_GET_ITEM(told->times, row));
    }
    accepted = PyObject_CallMethodOneArg(MEMBER(node, at_node.window), accept_name, sent_at);
    if (accepted == NULL)
        goto out;
    if (!number_of(MEMBER(node, at_node.sent_at), &before) || before < told->sent_at)
        put(node, at_node.sent_at, sent_at);
    done = 1;
out:
    Py_XDECREF(accepted);
    Py_XDECREF(event);
    Py_XDECREF(sent_at);
    return done;
}

typedef struct {
    PyObject *routes, *events, *now;
    uint64_t now_ms, payload_bytes, metrics;
} Listening;

/* Take one message in: 1 where that is done, 0 where the Python way has to, -1 with an exception where memory is short. */
static int take_one(PyObject *message, const Listening *here)
{
    Told told = {NULL, NULL, NULL, 0};
    uint64_t expected, born_at;
    int done = 0;
    PyObject *payload = NULL, *topic = PyObject_GetAttr(message, topic_name);
    PyObject *route = topic == NULL ? NULL : PyDict_GetItemWithError(here->routes, topic);
    if (!is_a(route, route_type) || MEMBER(route, at_route.is_data) != Py_True)
        goto out;
    PyObject *node = MEMBER(route, at_route.node), *parts = MEMBER(route, at_route.topic);
    if (!is_a(node, node_type) || !is_a(parts, topic_type) || MEMBER(node, at_node.state) != online ||
        MEMBER(node, at_node.edge_node) == NULL)
        goto out;
    PyObject *window = MEMBER(node, at_node.window);
    if (!is_a(window, window_type) || MEMBER(window, at_window.held) == NULL ||
        !PyDict_CheckExact(MEMBER(window, at_window.held)) || PyDict_GET_SIZE(MEMBER(window, at_window.held)) != 0)
        goto out;
    PyObject *device_id = MEMBER(parts, at_device_id), *by_alias = living_table(node, device_id);
    if (by_alias == NULL || !number_of(MEMBER(window, at_window.expected), &expected) ||
        !number_of(MEMBER(node, at_node.born_at), &born_at))
        goto out;
    payload = PyObject_GetAttr(message, payload_name);
    if (payload == NULL || !PyBytes_CheckExact(payload) || (uint64_t)PyBytes_GET_SIZE(payload) > here->payload_bytes)
        goto out;
    if (read_payload(payload, by_alias, expected, born_at, here->now_ms, here->metrics, &told))
        done = tell(node, device_id, &told, here->now, here->events);
out:
    forget(&told);
    Py_XDECREF(payload);
    Py_XDECREF(topic);
    if (done != -1 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_MemoryError))
            return -1;
        PyErr_Clear(); /* no UTF-8, a number too large: the Python way says so in its own words */
    }
    return done;
}

PyDoc_STRVAR(walk_doc, "walk(messages, start, routes, events, now_ms, payload_bytes, metrics)\n--\n\n"
"Take plain data messages in, from `start` on: their values become current, and events are appended. Return where the first message\n"
"stands that is anything else, before which nothing of it is changed. namespace/sparkplug/quick_walk.py says it in full.");

static PyObject *walk(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    if (count != 7 || slot_type == NULL || !PyDict_CheckExact(args[2]) || !PyList_CheckExact(args[3])) {
        PyErr_SetString(PyExc_TypeError, "walk takes messages, a position, routes, events, a time and two limits, after prepare");
        return NULL;
    }
    Listening here = {args[2], args[3], args[4], 0, 0, 0};
    Py_ssize_t at = PyLong_AsSsize_t(args[1]);
    if (PyErr_Occurred())
        return NULL;
    if (!number_of(args[4], &here.now_ms) || !number_of(args[5], &here.payload_bytes) || !number_of(args[6], &here.metrics)) {
        PyErr_Clear();
        return PyLong_FromSsize_t(at);
    }
    PyObject *messages = PySequence_Fast(args[0], "walk takes a sequence of messages");
    if (messages == NULL)
        return NULL;
    int done = 1;
    while (done == 1 && at >= 0 && at < PySequence_Fast_GET_SIZE(messages)) {
        done = take_one(PySequence_Fast_GET_ITEM(messages, at), &here);
        at += done == 1;
    }
    Py_DECREF(messages);
    return done == -1 ? NULL : PyLong_FromSsize_t(at);
}

PyDoc_STRVAR(prepare_doc, "prepare(Slot, Route, Topic, HostNode, HostDevice, MetricTable, SequenceWindow, Data, Columns, online)\n--\n\n"
"Learn where the members of these classes lie, and which state is online; once, before the first walk.");

static PyObject *prepare(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *slot, *route, *topic, *node, *device, *table, *window, *data, *columns, *state;
    PyTypeObject *type = &PyType_Type;
    if (!PyArg_ParseTuple(args, "O!O!O!O!O!O!O!O!O!O", type, &slot, type, &route, type, &topic, type, &node, type, &device, type,
                          &table, type, &window, type, &data, type, &columns, &state))
        return NULL;
    const struct {
        PyObject *type;
        const char *name;
        Py_ssize_t *offset;
    } members[] = {{slot, "quick", &at_slot.quick},
                   {slot, "datatype", &at_slot.datatype},
                   {slot, "value", &at_slot.value},
                   {slot, "timestamp", &at_slot.timestamp},
                   {route, "node", &at_route.node},
                   {route, "topic", &at_route.topic},
                   {route, "is_data", &at_route.is_data},
                   {topic, "device_id", &at_device_id},
                   {node, "edge_node", &at_node.edge_node},
                   {node, "state", &at_node.state},
                   {node, "born_at", &at_node.born_at},
                   {node, "sent_at", &at_node.sent_at},
                   {node, "table", &at_node.table},
                   {node, "devices", &at_node.devices},
                   {node, "window", &at_node.window},
                   {device, "table", &at_device.table},
                   {device, "alive", &at_device.alive},
                   {table, "_by_alias", &at_by_alias},
                   {window, "expected", &at_window.expected},
                   {window, "_held", &at_window.held},
                   {data, "edge_node", &at_data.edge_node},
                   {data, "device_id", &at_data.device_id},
                   {data, "timestamp", &at_data.timestamp},
                   {data, "_columns", &at_data.columns},
                   {data, "_metrics", &at_data.metrics},
                   {columns, "slots", &at_columns.slots},
                   {columns, "values", &at_columns.values},
                   {columns, "timestamps", &at_columns.timestamps},
                   {columns, "unusual", &at_columns.unusual}};
    for (size_t each = 0; each < sizeof members / sizeof *members; each++)
        if (!offset_of(members[each].type, members[each].name, members[each].offset))
            return NULL;
    if ((topic_name == NULL && (topic_name = PyUnicode_InternFromString("topic")) == NULL) ||
        (payload_name == NULL && (payload_name = PyUnicode_InternFromString("payload")) == NULL) ||
        (accept_name == NULL && (accept_name = PyUnicode_InternFromString("accept")) == NULL))
        return NULL;
    keep_type(&route_type, route);
    keep_type(&topic_type, topic);
    keep_type(&node_type, node);
    keep_type(&device_type, device);
    keep_type(&table_type, table);
    keep_type(&window_type, window);
    keep_type(&data_type, data);
    keep_type(&columns_type, columns);
    keep_type(&slot_type, slot);
    Py_INCREF(state);
    Py_XSETREF(online, state);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"prepare", prepare, METH_VARARGS, prepare_doc},
                                {"walk", (PyCFunction)(void (*)(void))walk, METH_FASTCALL, walk_doc},
                                {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "walk", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_walk(void) { return PyModule_Create(&definition); }
